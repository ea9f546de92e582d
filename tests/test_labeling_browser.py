"""Images labelled in a real browser: keyboard only, on a phone's width, killed in between."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser_material import needs_browser

from segcap.datasets.labelled import read_labels

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
pytestmark = needs_browser


@pytest.fixture
def truths(tmp_path):
    """Labels of four images, which lie in a folder without them, beside one that is torn."""
    known = read_labels(SAMPLES / "labels.csv")
    taken = {path.name: text for path, text in list(known.items())[:4]}
    for name in taken:
        shutil.copy(SAMPLES / name, tmp_path)
    (tmp_path / "torn.png").write_bytes(b"torn")
    return taken


@contextmanager
def labelling(folder):
    """Run the command until it is killed, giving the page's address."""
    words = ["label", folder, "--model", "digits", "--no-train", "--no-browser"]
    process = subprocess.Popen(
        [sys.executable, "-m", "segcap", *map(str, words)], stderr=subprocess.PIPE, text=True
    )
    try:
        yield re.search(r"http://127\.0\.0\.1:\d+/\S+/", process.stderr.readline())[0]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@contextmanager
def opened(browser, address, scheme="light"):
    """Open the page on a phone; at the end, see that it has asked nobody else, nor complained."""
    page = browser.new_page(viewport={"width": 375, "height": 667}, color_scheme=scheme)
    page.set_default_timeout(20_000)
    complaints, requests = [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    page.get_by_text(re.compile("^Guess: ")).wait_for()
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()
    refused = "Failed to load resource: the server responded with a status of 422"
    assert [text for text in complaints if not text.startswith(refused)] == []
    assert all(url.startswith((address, "data:")) for url in requests)


def shown(page):
    return page.get_by_role("img").get_attribute("alt")


def press(page, *keys):
    """Press keys, the last of which brings another image, and wait for it."""
    before = shown(page)
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function("before => document.querySelector('#image').alt !== before", arg=before)


def test_images_are_labelled_by_keys_alone_and_a_kill_loses_nothing(browser, tmp_path, truths):
    with labelling(tmp_path) as address, opened(browser, address) as page:
        text = page.get_by_label("What the image shows")
        page.get_by_text("Images that cannot be read: 1").wait_for()
        assert text.evaluate("field => field === document.activeElement")
        first = shown(page)
        page.keyboard.type(truths[first])
        press(page, "Enter")
        second = shown(page)
        assert text.input_value() == truths[second]
        press(page, "ArrowDown")
        press(page, "ArrowUp")
        assert shown(page) == second
        press(page, "ArrowUp")
        assert (shown(page), text.input_value()) == (first, truths[first])
        page.keyboard.type(" ")
        page.keyboard.press("Enter")
        page.get_by_role("alert").get_by_text("at least one character").wait_for()
        page.keyboard.type("17")
        press(page, "Enter")
        assert read_labels(tmp_path / "labels.csv") == {tmp_path / first: "17"}
    with labelling(tmp_path) as address, opened(browser, address, "dark") as page:
        page.get_by_text("1 of 4").wait_for()
        press(page, "Enter")
        press(page, "Enter")
        page.keyboard.press("Enter")
        page.get_by_text("All images have labels.").wait_for()
        page.get_by_text("4 of 4").wait_for()
    assert read_labels(tmp_path / "labels.csv") == {
        tmp_path / name: "17" if name == first else label for name, label in truths.items()
    }
    assert sorted(os.listdir(tmp_path)) == sorted(["labels.csv", "torn.png", *truths])


def test_a_page_without_its_server_keeps_what_was_typed(browser, tmp_path, truths):
    with labelling(tmp_path) as address:
        page = browser.new_page()
        page.goto(address)
        page.get_by_text(re.compile("^Guess: ")).wait_for()
    page.keyboard.type("123")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("segcap does not answer").wait_for()
    assert page.get_by_label("What the image shows").input_value() == "123"
    page.close()
    assert not (tmp_path / "labels.csv").exists()
    assert len(truths) == 4
