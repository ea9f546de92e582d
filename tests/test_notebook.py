"""Results show themselves in notebooks."""

import base64
import html
import re

import cv2
import numpy as np
import pytest
import report_material

import segcap
from segcap import benchmark
from segcap.core.errors import ParameterError
from segcap.core.reading import Glyph, Reading
from segcap.evaluate import coverage_curve, plot_coverage, plot_reading
from segcap.generate import TextGenerator
from segcap.segmentation.components import segment


def test_a_reading_shows_its_image_and_the_boxes_of_its_characters():
    image = np.zeros((20, 40, 3), np.uint8)
    image[:, :20, 0] = 200
    glyphs = (Glyph("<", 0.95, (2, 3, 12, 18)), Glyph("8", 0.4, (20, 3, 32, 18)))
    page = Reading("<8", confidence=0.38, glyphs=glyphs, image=image)._repr_html_()
    png = base64.b64decode(re.search('base64,([^"]+)', page).group(1))
    shown = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(shown[..., ::-1], image)
    assert page.count("<rect") == 2
    assert "<title>&lt; 0.95</title>" in page
    assert "<title>8 0.40</title>" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_without_an_image_a_result_shows_what_it_says():
    assert Reading("a&b")._repr_html_() == (
        "<code>Reading(text=&#x27;a&amp;b&#x27;, confidence=0, status=&#x27;ok&#x27;)</code>"
    )


def test_segments_and_samples_show_their_boxes():
    ink = np.zeros((20, 40), bool)
    ink[4:16, 3:9] = ink[4:16, 20:28] = True
    page = segment(ink)._repr_html_()
    assert page.count("<rect") == 2
    assert "Segments of 2 boxes" in page
    assert segment(np.zeros((3, 3), bool))._repr_html_().count("<rect") == 0
    sample = TextGenerator("clean", length=4).sample(0)
    page = sample._repr_html_()
    assert page.count("<rect") == 4
    assert all(f"<title>{html.escape(char)} 1.00</title>" in page for char in sample.label)


def test_a_benchmark_shows_its_table():
    result, _ = report_material.material()
    assert result._repr_html_() == f"<pre>{html.escape(benchmark.table(result))}</pre>"


def test_a_reader_shows_its_parameters():
    page = segcap.load("digits", length=4)._repr_html_()
    assert "GlyphReader" in page
    assert "length" in page


def test_a_reading_is_drawn_on_axes(tmp_path):
    image = np.zeros((20, 40, 3), np.uint8)
    glyphs = (Glyph("$", 0.95, (2, 3, 12, 18)), Glyph("8", 0.4, (20, 3, 32, 18)))
    axes = plot_reading(Reading("$8", confidence=0.38, glyphs=glyphs, image=image))
    assert [line.get_xydata().tolist()[0] for line in axes.lines] == [[1.5, 2.5], [19.5, 2.5]]
    assert [text.get_text() for text in axes.texts] == ["$ 0.95", "8 0.40"]
    axes.figure.savefig(tmp_path / "reading.png")
    with pytest.raises(ParameterError, match="must have its image"):
        plot_reading(Reading("8"))


def test_a_curve_is_drawn_on_axes():
    axes = plot_coverage(coverage_curve([0.9, 0.8, 0.7], [True, True, False]))
    assert axes.lines[0].get_xydata()[-1].tolist() == pytest.approx([1, 2 / 3])
    assert axes.get_xlabel() == "fraction answered"


def test_one_image_is_kept_and_many_are_not():
    image = np.full((20, 40), 255, np.uint8)
    reader = segcap.load("digits")
    assert reader.read(image).image.shape == (20, 40, 3)
    assert reader.digit_sum(image).image.shape == (20, 40, 3)
    assert reader.read_many([image])[0].image is None
