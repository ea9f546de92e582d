"""An audit's page in a real browser, as wide as a screen and as a phone."""

import pytest
from browser_material import needs_browser
from test_audit import drawn, one_reader  # noqa: F401 a fixture

from segcap import benchmark

pytestmark = [*needs_browser, pytest.mark.usefixtures("quick_benchmarks")]

NOT_SHOWN = "[...document.images].filter(one => !one.complete || !one.naturalWidth).length"
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"


def test_the_page_shows_all_of_itself_and_asks_for_nothing(browser, one_reader, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    result = benchmark.audit(out, generator=drawn(difficulty=0.2), images=12, labels=())
    address = (out / "audit.html").as_uri()
    for width, scheme in ((1280, "light"), (390, "dark")):
        requests, complaints = [], []
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.set_default_timeout(20_000)
        page.on("request", lambda one, own=requests: own.append(one.url))
        page.on("console", lambda one, own=complaints: own.append(one.text))
        page.goto(address)
        assert page.evaluate(NOT_SHOWN) == 0
        assert page.evaluate("document.images.length") >= 20
        assert page.evaluate(TOO_WIDE) <= 0
        shown = page.inner_text("body")
        assert all(sentence in shown for sentence in result.summary)
        page.close()
        assert complaints == []
        assert {url for url in requests if not url.startswith("data:")} == {address}
