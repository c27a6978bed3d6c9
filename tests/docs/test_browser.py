"""The site in a real browser: no page is wider than a narrow screen, none asks a network, no script fails.

Needs playwright and Chromium; skipped with the reason without, failed if LRA_REF_BROWSER=required.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.test_site import build

pytestmark = pytest.mark.slow

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
NARROW = 400
WRONG = '<!doctype html><meta name="viewport" content="width=device-width"><body><div style="width:900px">wide</div>{}</body>'


def missing(reason: str) -> None:
    if os.environ.get("LRA_REF_BROWSER") == "required":
        pytest.fail(f"LRA_REF_BROWSER=required, but {reason}")
    pytest.skip(reason)


def faults(tab, path: Path) -> list[str]:
    """What is wrong with a page as the browser shows it."""
    asked: list[str] = []
    raised: list[str] = []

    def note(request):
        if not request.url.startswith(("file:", "data:")):
            asked.append(f"asks for {request.url}")

    def fail(error):
        raised.append(f"script: {error}")

    tab.on("request", note)
    tab.on("pageerror", fail)
    tab.goto(f"file://{path}")
    width = tab.evaluate("document.documentElement.scrollWidth")
    tab.remove_listener("request", note)
    tab.remove_listener("pageerror", fail)
    return [*asked, *raised, *([f"is {width} pixels wide"] if width > NARROW else [])]


def test_pages_in_a_browser(tmp_path):
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        missing(f"there is no browser on the path: {', '.join(NAMES)}")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install 'lra_ref[browser]'")
    site = build(tmp_path / "site")
    wrong = tmp_path / "wrong.html"
    wrong.write_text(WRONG.format('<img src="http://127.0.0.1:9/a.png"><script>no_such_name()</script>'), encoding="utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(SWITCHES))
        tab = browser.new_page(viewport={"width": NARROW, "height": 900})
        found = {str(page.relative_to(site)): faults(tab, page) for page in sorted(site.rglob("*.html"))}
        told = " ".join(faults(tab, wrong))
        browser.close()
    assert len(found) > 80
    assert {page: wrong for page, wrong in found.items() if wrong} == {}
    # the same look at a page that is wrong in all three ways
    for fault in ("is 9", "asks for http://127.0.0.1:9/a.png", "script: no_such_name is not defined"):
        assert fault in told
