"""A rubric with a heading level is a heading, outside the numbering."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from rendering import build_site, copy_book

pytestmark = pytest.mark.sphinx


def test_a_rubric_with_a_level_is_a_heading_for_everyone(tmp_path: Path):
    book = copy_book(tmp_path)
    page = book.page_path("en", "references")
    rubric = "\n```{rubric} Further reading\n:heading-level: 2\n```\n"
    page.write_text(page.read_text("utf-8") + rubric, "utf-8")
    html = BeautifulSoup((build_site(book, "en") / "en/references.html").read_text("utf-8"), "html.parser")
    (heading,) = (h for h in html.find_all("h2") if "rubric" in h.get("class", []))
    assert heading.text == "Further reading"


def test_an_english_page_may_use_words_that_the_languages_glossary_lacks(tmp_path: Path):
    book = copy_book(tmp_path)
    page = book.page_path("en", "tensors")
    page.write_text(page.read_text("utf-8") + "\nA {term}`pytree`.\n", "utf-8")
    references = book.page_path("en", "references")
    text = references.read_text("utf-8")
    references.write_text(text + "\n```{glossary}\npytree\n  A tree of arrays.\n```\n", "utf-8")
    book.page_path("pt", "tensors").unlink()
    book.page_path("pt", "references").write_text("(chap-references)=\n" + text.partition("\n")[2], "utf-8")
    site = build_site(book, "pt")
    assert "pytree" in (site / "pt/tensors.html").read_text("utf-8")
