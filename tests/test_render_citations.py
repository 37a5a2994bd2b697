"""Two authors are joined by the word of the language that the page is in."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from rendering import build_site, copy_book

ENTRY = "@book{two-1999, author = {Ada, A. and Bob, B.}, title = {T}, publisher = {P}, year = {1999}}\n"


@pytest.mark.sphinx
@pytest.mark.parametrize(("language", "words"), [("en", "Ada and Bob"), ("pt", "Ada e Bob")])
def test_two_authors_are_joined_in_the_pages_language(tmp_path: Path, language: str, words: str):
    book = copy_book(tmp_path)
    bibliography = book.root / "chapters" / "references.bib"
    bibliography.write_text(bibliography.read_text("utf-8") + ENTRY, "utf-8")
    page = book.page_path(language, "tensors")
    page.write_text(page.read_text("utf-8") + "\n{cite:t}`two-1999`\n", "utf-8")
    site = build_site(book, language)
    html = BeautifulSoup((site / language / "tensors.html").read_text("utf-8"), "html.parser")
    assert words in html.select_one("article").text
