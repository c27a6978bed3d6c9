"""The pages in a real browser: layout, script, keyboard, print, colours, and that nothing is asked of a network.

They need playwright and Chromium, and are skipped with the reason without; with LRA_REF_BROWSER=required that is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from lra_ref.report.folder import write
from lra_ref.sweep import sweep
from lra_ref.verify import verify
from lra_ref.views import csv_of
from tests.verify import zoo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PAGES = ("verify", "sweep", "unfinished")
WIDTHS = (400, 1400)
#: WCAG 2.2, 1.4.3, for text of the body
CONTRAST = 4.5
CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const ground = node => { for (let up = node; up; up = up.parentElement) {
    const found = rgba(getComputedStyle(up).backgroundColor); if (found[3] === 255) return found; } return [255, 255, 255]; };
  const out = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement, words = walker.currentNode.textContent.trim();
    if (!words || ["SCRIPT", "STYLE", "OPTION"].includes(node.tagName) || !node.checkVisibility()) continue;
    const style = getComputedStyle(node), plot = node.closest("svg.plot");
    const one = light(rgba(plot ? style.fill : style.color)), two = light(ground(plot ? plot.parentElement : node));
    out.push([(Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05), words]);
  }
  return out;
}
"""
#: the texts of the plots: how many, the lowest, and the plots in which some leave the figure or lie over each other
PLOTTED = """
() => {
  const boxes = figure => [...figure.querySelectorAll("svg text")].map(text => text.getBoundingClientRect());
  const named = figure => figure.querySelector("figcaption").textContent;
  const figures = [...document.querySelectorAll("figure")], all = figures.flatMap(boxes);
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.35 * Math.min(a.height, b.height);
  return {
    count: all.length, smallest: Math.min(...all.map(box => box.height)),
    outside: figures.filter(figure => { const own = figure.getBoundingClientRect();
      return boxes(figure).some(box => box.left < own.left - 2 || box.right > own.right + 2); }).map(named),
    overlapping: figures.filter(figure => { const own = boxes(figure);
      return own.some((box, k) => own.slice(k + 1).some(other => over(box, other))); }).map(named),
  };
}
"""


def missing(reason: str) -> None:
    if os.environ.get("LRA_REF_BROWSER") == "required":
        pytest.fail(f"LRA_REF_BROWSER=required, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        missing("no Chromium was found")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=executable, args=list(SWITCHES))
        yield found
        found.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    verify(Path(zoo.__file__), out=folder / "verify")
    sweep("sgd,gala_sgd,polyak_sgd", "rosenbrock,quadratic", lr="1e-4:10:6", steps=60, seeds=4, out=folder / "sweep")
    shutil.copytree(folder / "verify", folder / "unfinished")
    (folder / "unfinished" / "result.json").unlink()
    cells = folder / "unfinished" / "cells.jsonl"
    cells.write_bytes(b"".join(cells.read_bytes().splitlines(keepends=True)[:7]))
    return {name: write(folder / name).path for name in PAGES}


class Watched:
    """A page that may load its own file alone; everything else, and everything on the console, is kept as trouble."""

    def __init__(self, browser, file: Path, **options) -> None:
        self.trouble: list[str] = []
        self.context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.trouble.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.trouble.append(f"failed: {request.url[:80]}"))
        self.context.route(re.compile(r"^(?!file:|data:)"), self._refuse)
        self.page.goto(file.absolute().as_uri())

    def _refuse(self, route) -> None:
        self.trouble.append(f"asked for {route.request.url}")
        route.abort()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.fixture
def opened(browser, files):
    watched: list[Watched] = []

    def visit(name: str, **options):
        watched.append(Watched(browser, files[name], **options))
        return watched[-1].page

    yield visit
    trouble = [line for one in watched for line in one.trouble]
    for one in watched:
        one.context.close()
    assert trouble == []


def column(page, table: str, number: int, attribute: bool = False) -> list[str]:
    """The shown cells of a column, or what they are sorted by."""
    reading = "cell.dataset.v" if attribute else "cell.textContent.trim()"
    return page.evaluate(
        f"([name, k]) => [...document.getElementById(name).tBodies[0].rows].filter(row => !row.hidden).map(row => {{"
        f"const cell = row.cells[k]; return {reading}; }})",
        [table, number],
    )


def test_the_watch_sees_requests_and_messages(browser, tmp_path):
    # the control of every test here: a page that misbehaves is caught
    bad = tmp_path / "bad.html"
    bad.write_text('<img src="http://127.0.0.1:9/x.png"><script>console.log("hello"); null.x;</script>')
    with Watched(browser, bad) as watched:
        watched.page.wait_for_timeout(100)
        words = " ".join(watched.trouble)
    assert "asked for http://127.0.0.1:9/x.png" in words
    assert "console: hello" in words
    assert "error:" in words


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(opened, name, width):
    page = opened(name, viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.body.getBoundingClientRect().width") <= width
    # what is wider stands in a box that scrolls
    outside = page.evaluate(
        "() => [...document.querySelectorAll('main *, header *, footer *')].filter(node => node.checkVisibility()"
        " && node.getBoundingClientRect().right > innerWidth + 1 && !node.closest('.scroll, pre, .statement, caption'))"
        ".map(node => node.outerHTML.slice(0, 80))"
    )
    assert outside == []


def test_tables_of_a_sweep_fit_on_a_desk(browser, tmp_path):
    sweep("sgd,gala_sgd,armijo_sgd", "rosenbrock,quadratic", lr="1e-4:100:7", steps=2000, seeds=8, out=tmp_path)
    with Watched(browser, write(tmp_path).path) as watched:
        boxes = watched.page.evaluate("[...document.querySelectorAll('.scroll')].map(box => [box.clientWidth, box.scrollWidth])")
    assert len(boxes) == 4
    assert all(inside <= width for width, inside in boxes)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_text_of_plots_is_legible(opened, name, width):
    page = opened(name, viewport={"width": width, "height": 900})
    found = page.evaluate(PLOTTED)
    assert found["count"] > 20
    assert found["smallest"] >= 6.0
    assert found["outside"] == []
    assert found["overlapping"] == []


def test_a_click_sorts_and_a_second_one_turns_round(opened):
    page = opened("sweep")
    head = page.locator("#summary th").nth(3)
    before = column(page, "summary", 1)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    values = [float(value) for value in column(page, "summary", 3, attribute=True) if value]
    assert len(values) > 3
    assert values == sorted(values)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(value) for value in column(page, "summary", 3, attribute=True) if value] == values[::-1]
    page.locator("#summary th button").nth(1).click()
    words = column(page, "summary", 1)
    assert words == sorted(words)
    assert sorted(words) == sorted(before)
    assert [page.locator("#summary th").nth(k).get_attribute("aria-sort") for k in (1, 3)] == ["ascending", "none"]


def test_what_is_missing_is_last_in_both_directions(opened):
    page = opened("sweep")
    for _ in range(2):
        page.locator("#summary th button").nth(2).click()
        rates = column(page, "summary", 2, attribute=True)
        # the method without a rate, on two problems
        assert rates[-2:] == ["", ""]
        assert "" not in rates[:-2]


def test_keys_sort_as_clicks_do(opened):
    page = opened("verify")
    button = page.locator("#claims th button").first
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator("#claims th").first.get_attribute("aria-sort") == "ascending"
    ids = column(page, "claims", 0)
    assert ids == sorted(ids)
    page.keyboard.press("Space")
    assert column(page, "claims", 0) == ids[::-1]
    # where the keyboard is can be seen
    assert page.evaluate("(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; })()") == [
        "solid", "3px",
    ]  # fmt: skip


def test_the_filter_takes_words_and_verdicts(opened):
    page = opened("verify")
    every = column(page, "claims", 0)
    field, count = page.locator('input[data-filter="claims"]'), page.locator('[data-count="claims"]')
    assert count.inner_text() == f"{len(every)} rows"
    field.fill("pathwise zoo.v")
    assert column(page, "claims", 0) == ["zoo.violated"]
    assert count.inner_text() == f"1 of {len(every)} rows"
    field.fill("")
    page.locator("select[data-filter=claims]").nth(1).select_option("HOLDS")
    assert set(column(page, "claims", 3)) == {"HOLDS"}
    assert 1 < len(column(page, "claims", 0)) < len(every)
    field.fill("no such words")
    assert column(page, "claims", 0) == []
    # what is filtered out takes no room
    assert page.locator("#claims tbody").bounding_box()["height"] == 0


def test_downloads_are_the_data_of_the_plots(opened, files):
    from lra_ref.report import sweeps
    from lra_ref.report.elements import Plots
    from lra_ref.sweep import load

    drawn = Plots()
    sweeps.render(load(files["sweep"].parent), drawn)
    page = opened("sweep", accept_downloads=True)
    links = page.locator("figure a.download")
    assert links.count() == len(drawn.drawn)
    for k, (name, (figure, _)) in enumerate(drawn.drawn.items()):
        with page.expect_download() as waiting:
            links.nth(k).click()
        assert waiting.value.suggested_filename == f"{name}.csv"
        # read as bytes: line ends are part of it
        assert Path(waiting.value.path()).read_bytes().decode() == csv_of(figure)


@pytest.mark.parametrize("name", PAGES)
def test_print_has_no_controls_and_makes_pages(opened, name):
    page = opened(name, color_scheme="dark")
    page.emulate_media(media="print")
    hidden = page.evaluate(
        "() => [...document.querySelectorAll('.controls, .download, .skip, nav')].filter(node => node.checkVisibility()).length"
    )
    assert hidden == 0
    # dark paper is for screens
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(31, 41, 55)"
    # A4 between margins of a centimetre
    page.set_viewport_size({"width": 718, "height": 1046})
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    pdf = page.pdf(format="A4")
    assert pdf[:5] == b"%PDF-"
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_tab_key_reaches_everything(opened, name, width):
    page = opened(name, viewport={"width": width, "height": 900})
    wanted = page.evaluate(
        "() => { const all = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]"
        ".filter(node => node.checkVisibility()); all.forEach((node, k) => { node.dataset.place = k; }); return all.length; }"
    )
    assert wanted > 20
    reached = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        place = page.evaluate("document.activeElement.dataset.place ?? null")
        reached.append(None if place is None else int(place))
    assert reached == list(range(wanted))


def test_the_first_key_offers_to_skip_to_the_results(opened):
    page = opened("verify")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "skip to the results"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_boxes_that_scroll_can_be_scrolled_by_key(opened):
    page = opened("sweep", viewport={"width": 400, "height": 900})
    box = page.locator(".scroll").first
    assert box.get_attribute("tabindex") == "0"
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.scroll').scrollLeft > 0")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(opened, name, scheme):
    page = opened(name, color_scheme=scheme)
    found = page.evaluate(CONTRASTS)
    assert len(found) > 100
    poor = sorted({(round(ratio, 2), words[:40]) for ratio, words in found if ratio < CONTRAST})
    assert poor == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", ground))) < 60) == (scheme == "dark")


def test_without_script_all_is_shown(opened):
    page = opened("verify", java_script_enabled=False)
    assert page.locator("#claims tbody tr").count() > 10
    assert not page.locator('input[data-filter="claims"]').is_visible()
    assert page.locator("a[download='claims.csv']").is_visible()
