"""The book's own PDFs: what every one of them must hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bookbuild.config import Book, load_book
from bookbuild.pages import load_page
from bookbuild.render.pdf import pdf_path

ROOT = Path(__file__).parent.parent
BOOK = load_book(ROOT)
WORDS = {
    "en": ("Contents", "Chapter 1", "Exercise 1.1", "Fig. 1.1", "Index"),
    "zh": ("目录", "第 1 章", "练习 1.1", "图 1.1", "索引"),
    "pt": ("Sumário", "Capítulo 1", "Exercício 1.1", "Fig. 1.1", "Índice"),
    "fr": ("Table des matières", "Chapitre 1", "Exercice 1.1", "Fig. 1.1", "Index"),
    "id": ("Daftar Isi", "Bab 1", "Latihan 1.1", "Gambar 1.1", "Indeks"),
}

pytestmark = [pytest.mark.sphinx, pytest.mark.tex, pytest.mark.timeout(1800)]


def read(book: Book, language: str, framework: str) -> str:
    command = ["pdftotext", "-layout", str(pdf_path(book, language, framework)), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("framework", BOOK.framework_keys)
@pytest.mark.parametrize("language", BOOK.language_keys)
def test_a_built_book_speaks_its_language_and_its_framework(built_book, language, framework):
    text = read(built_book, language, framework)
    found = text.casefold()
    for word in (BOOK.language(language).book_title, *WORDS[language]):
        assert word.casefold() in found
    assert BOOK.framework(framework).title in text
    assert "??" not in text
    squeezed = "".join(text.split())
    for group in load_page(BOOK, BOOK.source, "builders-guide/model-construction").groups:
        own = first_line(group, framework)
        assert own is None or own in squeezed
    imported = {f.key for f in BOOK.frameworks if f"fromd2limport{f.module}asd2l" in squeezed}
    assert imported == {framework}


def first_line(group, framework: str) -> str | None:
    member = group.member(framework)
    source = getattr(member, "source", "")
    return "".join(source.split("\n")[0].split()) or None
