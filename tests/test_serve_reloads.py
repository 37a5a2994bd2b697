"""The server sends the site, adds the reloading script to pages on their way out, and tells of changes."""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookbuild.config import load_book
from bookbuild.errors import BookError
from bookbuild.serve import RELOAD, Changes, server, touched

ROOT = Path(__file__).parent.parent


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path, Changes]]:
    (tmp_path / "index.html").write_text("<html><body>Page</body></html>")
    (tmp_path / "style.css").write_text("body {}")
    changes = Changes()
    http = server(tmp_path, 0, changes)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}", tmp_path, changes
    http.shutdown()
    http.server_close()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def test_pages_get_the_script_and_files_stay_as_they_are(site: tuple[str, Path, Changes]):
    address, folder, _ = site
    assert RELOAD in get(f"{address}/") and RELOAD in get(f"{address}/index.html")
    assert get(f"{address}/style.css") == "body {}"
    assert RELOAD not in (folder / "index.html").read_text()


def test_a_missing_page_is_a_404(site: tuple[str, Path, Changes]):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{site[0]}/none.html")


def test_the_browser_is_told_when_a_rebuild_is_done(site: tuple[str, Path, Changes]):
    address, _, changes = site
    with urllib.request.urlopen(f"{address}{RELOAD}0", timeout=10) as events:
        timer = threading.Timer(0.3, changes.announce)
        timer.start()
        assert events.readline() == b"data: changed\n"


def test_a_rebuild_that_ends_before_the_browser_listens_is_not_missed(site: tuple[str, Path, Changes]):
    address, _, changes = site
    (listens,) = re.findall(rf"{RELOAD}\d+", get(f"{address}/"))
    changes.announce()
    with urllib.request.urlopen(f"{address}{listens}", timeout=10) as events:
        assert events.readline() == b"data: changed\n"
    with pytest.raises(TimeoutError), urllib.request.urlopen(f"{address}{RELOAD}1", timeout=0.5) as events:
        events.readline()


@pytest.mark.parametrize("port", [None, 99999])
def test_a_port_that_cannot_be_had_is_one_clear_error(site: tuple[str, Path, Changes], port: int | None):
    address, folder, changes = site
    taken = int(address.rpartition(":")[2])
    with pytest.raises(BookError, match=rf"^PORT={port or taken}: cannot be used"):
        server(folder, port or taken, changes)


def test_a_translation_touches_its_language_and_the_rest_touches_all():
    book = load_book(ROOT)
    every = book.language_keys
    assert touched(book, every, [ROOT / "chapters/pt/index.md"]) == ("pt",)
    assert touched(book, every, [ROOT / "chapters/en/index.md"]) == every
    assert touched(book, every, [ROOT / "outputs/x/record.json"]) == every
    assert touched(book, every, [ROOT / "chapters/references.bib"]) == every
    assert touched(book, ("en", "fr"), [ROOT / "chapters/pt/index.md"]) == ()
