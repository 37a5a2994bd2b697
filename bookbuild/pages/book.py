"""All pages of a book at once: what can be read, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bookbuild.config import Book
from bookbuild.errors import BookError, Finding
from bookbuild.pages.check import check
from bookbuild.pages.parse import load_page
from bookbuild.pages.values import Page


def read_pages(
    book: Book, languages: Sequence[str] | None = None
) -> tuple[tuple[Page, ...], tuple[Finding, ...]]:
    """Every page that can be read, and the findings of all against the page format.

    With ``languages`` only those, and the English pages that theirs are filled from.  A page that a language
    does not have yet is no fault: the English one is shown in its place.
    """
    pages: list[Page] = []
    findings: list[Finding] = []
    others = book.language_keys if languages is None else languages
    for language in dict.fromkeys((book.source, *others)):
        for docname in book.pages:
            path = book.page_path(language, docname)
            if language != book.source and not path.is_file():
                continue
            try:
                page = load_page(book, language, docname)
            except BookError as error:
                findings += error.findings
                continue
            english = None if language == book.source else _english(pages, docname, book)
            if language == book.source or english is not None:
                findings += check(page, english)
            pages.append(page)
    return tuple(pages), tuple(_relative(book, f) for f in findings)


def require_sound_pages(book: Book, languages: Sequence[str] | None = None) -> None:
    """Raises one BookError with everything that is wrong with the pages, if anything is."""
    _, findings = read_pages(book, languages)
    if findings:
        raise BookError(findings)


def _english(pages: list[Page], docname: str, book: Book) -> Page | None:
    return next((p for p in pages if p.docname == docname and p.language == book.source), None)


def _relative(book: Book, finding: Finding) -> Finding:
    path = Path(finding.path)
    return replace(finding, path=book.relative(path)) if path.is_absolute() else finding
