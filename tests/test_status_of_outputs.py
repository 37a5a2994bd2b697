"""`_build/execution.json` and the status page say what stands in the store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from rendering import copy_book, put_all_outputs

from bookbuild import store
from bookbuild.config import Book
from bookbuild.render import build_landing
from bookbuild.status import FILE


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = copy_book(tmp_path)
    put_all_outputs(book)
    return book


def rows(book: Book) -> dict[tuple[str, str], dict]:
    build_landing(book)
    return {(r["page"], r["framework"]): r for r in json.loads((book.root / FILE).read_text())}


def test_every_notebook_has_a_line_with_its_facts(book: Book) -> None:
    found = rows(book)
    page = book.page_path("en", "tensors")
    assert {k for k in found if k[0] == "tensors"} == {("tensors", f) for f in book.framework_keys}
    record = store.read(book, "tensors", "jax")
    line = found["tensors", "jax"]
    assert record and line["state"] == "fresh" and line["why"] == ""
    assert (line["machine"], line["date"]) == (record.machine, record.date)
    assert line["cells"] == len(record.cells)

    page.write_text(page.read_text().replace("jnp.arange(4,", "jnp.arange(5,"))
    shutil.rmtree(store.path(book, "tensors", "mxnet"))
    (store.path(book, "tensors", "pytorch") / "record.json").write_text("{")
    found = rows(book)
    assert found["tensors", "jax"]["state"] == "stale"
    assert found["tensors", "jax"]["why"].startswith("make-tensor: ")
    assert found["tensors", "mxnet"]["state"] == "missing"
    assert found["tensors", "pytorch"]["state"] == "damaged"
    assert found["tensors", "tensorflow"]["state"] == "fresh"


def test_the_page_shows_the_same_lines_and_is_reached_from_the_front(book: Book) -> None:
    found = rows(book)
    site = book.root / "_build" / "html"
    page = BeautifulSoup((site / "status.html").read_text(), "html.parser")
    shown = page.select("[aria-label=Outputs] tbody tr")
    assert len(shown) == len(found)
    assert [r.select("td")[1].get_text(strip=True) for r in shown] == [r["state"] for r in found.values()]
    front = BeautifulSoup((site / "index.html").read_text(), "html.parser")
    assert front.select_one('a[href="status.html"]')
