"""A real Chromium on a loopback copy of the small book's site."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from rendering import build_site, copy_book, display, put_all_outputs, put_outputs, text
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from bookbuild import system

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--window-size=1280,900",
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not news."""


@contextmanager
def chromium(preferences: dict[str, Any] | None = None, *flags: str) -> Iterator[webdriver.Chrome]:
    """A browser without a history; nothing but loopback can be reached from it."""
    program, driver_program = map(installed, system.NEEDS["browser"])
    if not program or not driver_program:
        pytest.skip("Chromium and its driver are not installed (Debian: chromium, chromium-driver)")
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in (*FLAGS, *flags, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        if preferences:
            options.add_experimental_option("prefs", preferences)
        driver = webdriver.Chrome(options=options, service=Service(driver_program))
        try:
            yield driver
        finally:
            driver.quit()


def installed(need: system.Need) -> str | None:
    """The first of a need's programs that is on PATH."""
    return next(filter(None, map(shutil.which, need.program)), None)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site with downloads beside it; one output of its first page is hostile."""
    book = copy_book(tmp_path_factory.mktemp("site"))
    put_all_outputs(book)
    put_outputs(
        book,
        "index",
        "jax",
        {
            "powers": [
                display(
                    text_html="<b>kept</b><img src=x onerror='document.title=1'>"
                    "<script>document.title=2</script>"
                ),
                display(application_javascript="document.title = 3", text_plain="plain"),
                display(
                    image_svg="<svg xmlns='http://www.w3.org/2000/svg' onload='parent.document.title=4'>"
                    "<script>parent.document.title=5</script><path d='M 0 0'/></svg>"
                ),
                text("<script>document.title = 6</script>"),
            ]
        },
    )
    for lang, alt in (("en", "Powers."), ("pt", "Potências.")):
        _replace(book.page_path(lang, "index"), ":name: powers", f":alt: {alt}\n:name: powers")
    _replace(
        book.page_path("en", "tensors"),
        "{solution-start} ex-rows\n",
        "{solution-start} ex-rows\n:class: dropdown\n:label: sol-rows\n",
    )
    site = build_site(book)
    for lang in book.language_keys:
        for framework in book.framework_keys:
            notebook = site / "notebooks" / lang / framework / "tensors.ipynb"
            notebook.parent.mkdir(parents=True)
            notebook.write_text(f'{{"about": "{framework}"}}', "utf-8")
    with served(site) as address:
        yield address


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    with chromium() as driver:
        yield driver
