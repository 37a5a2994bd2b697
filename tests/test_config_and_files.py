"""The book's facts come from two files; unknown names, bad bytes and full disks are one clear line."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from bookbuild.config import find_root, load_book, select
from bookbuild.errors import BookError
from bookbuild.files import read_text, write_atomically

ROOT = Path(__file__).parent.parent


def test_the_book_lists_its_frameworks_languages_and_pages():
    book = load_book(ROOT)
    assert book.framework_keys == ("pytorch", "tensorflow", "mxnet", "jax")
    assert book.language_keys == ("en", "zh", "pt", "fr", "id")
    assert "builders-guide/model-construction" in book.pages
    assert book.framework("pytorch").module == "torch"


def test_the_root_is_found_from_any_folder_below():
    assert find_root(ROOT / "chapters" / "en") == ROOT
    with pytest.raises(BookError, match="run inside a clone"):
        find_root(Path("/"))


def test_a_selection_keeps_the_order_of_the_book():
    book = load_book(ROOT)
    assert select(book, languages="pt,en").languages == ("en", "pt")
    assert select(book).pages == book.pages


@pytest.mark.parametrize(
    ("variable", "value"),
    [("languages", "xx"), ("frameworks", "torch"), ("pages", "a;echo X"), ("pages", "builders-guide")],
)
def test_an_unknown_name_is_one_error_that_lists_the_known(variable: str, value: str):
    book = load_book(ROOT)
    with pytest.raises(BookError) as caught:
        select(book, **{variable: value})
    assert len(caught.value.findings) == 1 and "known: " in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("_config.yml", "title: [", "not valid YAML"),
        ("_config.yml", "- a", "not a mapping"),
        ("_config.yml", "sphinx: [a]", "`sphinx:` is not a mapping"),
        ("_toc.yml", "root: index\nchapters: [intro]", "'intro' is no entry"),
        ("_toc.yml", "root: index\nchapters: intro", "`chapters:` is no list"),
        ("_config.yml", "title: T", "bookbuild_frameworks is missing"),
        ("_config.yml", "sphinx: {config: {bookbuild_frameworks: {jax: {titel: J}}}}", "jax is incomplete"),
    ],
)
def test_a_broken_configuration_names_the_file(tmp_path: Path, name: str, text: str, words: str):
    for file in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(BookError, match=words) as caught:
        load_book(tmp_path)
    assert name in str(caught.value)


def test_invalid_utf8_is_named_with_its_line(tmp_path: Path):
    path = tmp_path / "page.md"
    path.write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(BookError, match=r"page.md:2: byte 0xff is not valid UTF-8"):
        read_text(path)


def test_writing_replaces_the_whole_file(tmp_path: Path):
    path = tmp_path / "deep" / "file"
    write_atomically(path, "one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two" and [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "file"
    write_atomically(path, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BookError, match=r"cannot be written \(No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["file"]
