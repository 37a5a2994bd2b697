"""The real book as `make` delivers it: nothing missing, no dead link, every language its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browsing import chromium, served
from bs4 import BeautifulSoup
from conftest import build_again

from bookbuild.config import Book
from bookbuild.lint import findings

pytestmark = [pytest.mark.sphinx, pytest.mark.tex, pytest.mark.timeout(1800)]

WIDTH = """
const done = arguments[arguments.length - 1];
const formulas = window.MathJax?.startup?.promise ?? Promise.resolve();
formulas.then(() => document.fonts.ready).then(() => done(document.documentElement.scrollWidth));
"""


@pytest.fixture(scope="session")
def pages(built_book: Book) -> dict[Path, BeautifulSoup]:
    site = built_book.root / "_build" / "html"
    found = [p for p in site.rglob("*.html") if "_static" not in p.parts]
    return {p: BeautifulSoup(p.read_text("utf-8"), "html.parser") for p in found}


def test_everything_declared_is_delivered(built_book: Book):
    manifest = json.loads((built_book.root / "_build" / "manifest.json").read_text("utf-8"))
    languages, frameworks, count = (
        len(built_book.languages),
        len(built_book.frameworks),
        len(built_book.pages),
    )
    assert manifest["holes"] == [] and manifest["skipped"] == {}
    formats = [entry["format"] for entry in manifest["delivered"]]
    assert formats.count("html") == languages * count
    assert formats.count("notebooks") == languages * count * frameworks
    assert formats.count("pdf") == languages * frameworks == 20
    for entry in manifest["delivered"]:
        assert (built_book.root / "_build" / entry["file"]).stat().st_size == entry["bytes"] > 0


def test_lint_has_nothing_to_say(built_book: Book):
    assert [str(f) for f in findings(built_book) if f.severity == "error"] == []


def test_nothing_is_done_again_when_nothing_changed(built_book: Book):
    result = build_again(built_book)
    assert result.returncode == 0
    assert result.stdout.splitlines() == ["nothing changed since the last build"]


def test_no_link_of_the_site_is_dead(built_book: Book, pages: dict[Path, BeautifulSoup]):
    ids = {path: {e["id"] for e in page.find_all(id=True)} for path, page in pages.items()}
    dead = []
    for path, page in pages.items():
        for address in links(page):
            parts = urlsplit(address)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                dead.append(f"{path.name}: {address}")
            elif parts.fragment and target in ids and unquote(parts.fragment) not in ids[target]:
                dead.append(f"{path.name}: {address} (no such place)")
    assert dead == []


def test_no_page_scrolls_sideways_on_a_phone(built_book: Book):
    site = built_book.root / "_build" / "html"
    phone = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    names = [f"{x.key}/{docname}.html" for x in built_book.languages for docname in built_book.pages]
    with served(site) as address, chromium() as browser:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
        browser.set_script_timeout(60)
        widths = {}
        for name in names:
            browser.get(f"{address}/{name}")
            widths[name] = browser.execute_async_script(WIDTH)
    assert {name: width for name, width in widths.items() if width > 360} == {}


def links(page: BeautifulSoup) -> Iterator[str]:
    for tag, attribute in (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src")):
        for element in page.find_all(tag, **{attribute: True}):
            address = element[attribute]
            parts = urlsplit(address)
            if not parts.scheme and not parts.netloc and address != "#":
                yield address


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, BeautifulSoup]):
    for path, page in pages.items():
        loaded = [
            e.get("src") or e.get("href") for e in page.select("script[src], link[rel=stylesheet], img")
        ]
        assert not [x for x in loaded if x and urlsplit(x).netloc], path


def test_every_picture_has_alternative_text(pages: dict[Path, BeautifulSoup]):
    pictures = [img for page in pages.values() for img in page.select("article img")]
    assert pictures
    assert all(len(img.get("alt", "")) > 20 for img in pictures)


def test_every_page_says_its_language(built_book: Book, pages: dict[Path, BeautifulSoup]):
    for language in built_book.languages:
        for docname in built_book.pages:
            page = pages[built_book.root / "_build" / "html" / language.key / f"{docname}.html"]
            assert page.html["lang"] == language.html
            untranslated = not built_book.page_path(language.key, docname).is_file()
            assert bool(page.select(".fallback-notice")) == untranslated, (language.key, docname)


def test_no_output_is_shown_stale_or_missing(pages: dict[Path, BeautifulSoup]):
    panes = [p for page in pages.values() for p in page.select(".framework-pane")]
    assert panes
    assert not [p["id"] for p in panes if {"stale", "missing"} & set(p["class"])]
