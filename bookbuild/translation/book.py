"""Translations of a book's pages, read from its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bookbuild.config import Book, yaml_line, yaml_problem
from bookbuild.errors import BookError, Finding
from bookbuild.files import read_text
from bookbuild.pages import Page, load_page
from bookbuild.translation.align import same
from bookbuild.translation.blocks import Element, TextBlock, blocks, elements
from bookbuild.translation.compare import Pair, compare
from bookbuild.translation.state import SUFFIX, State, parse, state_path

GLOSSARY = Path("chapters") / "glossary.yml"
PLOTS = Path("chapters") / "plots.yml"


@dataclass(frozen=True, slots=True)
class Translation:
    """One page of one language beside the English one."""

    english: Page
    own: Page
    state: State | None
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """An agreed term."""

    english: str
    languages: dict[str, tuple[str, ...]]
    """the term in each language, then other forms of the word that are right too"""
    note: str = ""
    in_prose: bool = True
    """looked for in plain prose; not where the English word is also one of everyday speech"""


def load_translation(
    book: Book, language: str, docname: str, state: State | None = None
) -> Translation | None:
    """The translation with its record, or with another one; None while the language does not have the page.

    Raises BookError for a page or a record that cannot be read.
    """
    path = book.page_path(language, docname)
    if not path.is_file():
        return None
    english, own = (load_page(book, x, docname) for x in (book.source, language))
    state = state or read_state(book, language, docname)
    pairs = compare(page_elements(book, english), page_elements(book, own), state, own_terms(book, language))
    return Translation(english, own, state, pairs)


def page_elements(book: Book, page: Page) -> tuple[Element, ...]:
    return elements(page.text, book.framework_keys, book.myst_extensions)


def page_blocks(book: Book, page: Page) -> tuple[TextBlock, ...]:
    return blocks(page_elements(book, page))


def read_state(book: Book, language: str, docname: str) -> State | None:
    path = state_path(book.page_path(language, docname))
    return parse(read_text(path), book.relative(path), language, docname) if path.is_file() else None


def own_terms(book: Book, language: str) -> dict[str, str]:
    """For the English terms of the glossary the language's own."""
    return {t.english: t.languages[language][0] for t in read_terms(book) if t.languages.get(language)}


def agreed_words(book: Book, language: str) -> dict[str, tuple[str, ...]]:
    """For the English terms that prose is checked for, the language's words."""
    terms = (t for t in read_terms(book) if t.in_prose and language in t.languages)
    return {t.english: t.languages[language] for t in terms}


def read_terms(book: Book, file: Path = GLOSSARY) -> tuple[Term, ...]:
    """The agreed terms, or labels of plots; none without the file.  Raises BookError for what is no term."""
    path = book.root / file
    if not path.is_file():
        return ()
    status = path.stat()
    return _terms(path, file, status.st_mtime_ns, status.st_size, book.source, book.language_keys)


@lru_cache(maxsize=8)
def _terms(
    path: Path, file: Path, _mtime: int, _size: int, source: str, languages: tuple[str, ...]
) -> tuple[Term, ...]:
    mend = "write `- {en: …, zh: …, note: …}`; several forms of a word as a list"
    try:
        values = yaml.safe_load(read_text(path)) or []
    except yaml.YAMLError as error:
        problem = f"is not valid YAML ({yaml_problem(error)})"
        raise BookError.at(file, yaml_line(error), problem, mend) from None
    found = []
    for number, value in enumerate(values if isinstance(values, list) else [values], 1):
        if not isinstance(value, dict) or not isinstance(value.get(source), str):
            raise BookError.at(file, 0, f"entry {number} is no term", mend)
        unknown = set(value) - {*languages, "note", "prose"}
        if unknown:
            problem = f"term {value[source]!r} has an unknown key {sorted(map(str, unknown))[0]!r}"
            raise BookError.at(file, 0, problem, "known: " + " ".join((*languages, "note", "prose")))
        forms = {x: _forms(value[x]) for x in languages if x != source and value.get(x) is not None}
        unread = next(
            (x for own in forms.values() for x in own if not isinstance(x, str) or not x.strip()), None
        )
        if unread is not None:
            problem = f"term {value[source]!r} has the form {unread!r}, which is no text"
            raise BookError.at(file, 0, problem, "put it in quotation marks")
        if any(t.english == value[source] for t in found):
            raise BookError.at(file, 0, f"term {value[source]!r} stands twice", "keep one of the two")
        note, in_prose = str(value.get("note") or ""), value.get("prose") is not False
        found.append(Term(value[source], forms, note, in_prose))
    return tuple(found)


def _forms(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def misplaced(book: Book) -> Iterator[Finding]:
    """Records whose page is not there or is no page of the book; with the move, where one fits."""
    known = {book.page_path(x, d) for x in book.language_keys for d in book.pages}
    for path in sorted((book.root / "chapters").rglob(f"*{SUFFIX}")):
        page = path.with_name(path.name.removesuffix(SUFFIX) + ".md")
        if page in known and page.is_file():
            continue
        target = _moved_to(book, path)
        problem = "is the record of a page that " + (
            "is not in _toc.yml" if page.is_file() else "does not exist"
        )
        mend = "restore the page, or delete this file"
        if target:
            _, name = _names(book, page)
            mend = (
                f"its English page is now {target}: run `python -m bookbuild translate move {name} {target}`"
            )
        yield Finding(book.relative(path), 0, problem, mend)


def _names(book: Book, page: Path) -> tuple[str, str]:
    language, _, name = page.relative_to(book.root / "chapters").with_suffix("").as_posix().partition("/")
    return language, name


def _moved_to(book: Book, record: Path) -> str | None:
    """The English page that holds most of what the record was made from, if that is the greater part."""
    page = record.with_name(record.name.removesuffix(SUFFIX) + ".md")
    language, name = _names(book, page)
    try:
        made_from = [e.english for e in parse(read_text(record), record, language, name).entries]
        best = (0.5, "")
        for docname in book.pages:
            if docname == name or book.page_path(language, docname).is_file():
                continue
            present = [b.normalised for b in page_blocks(book, load_page(book, book.source, docname))]
            share = len(same(made_from, present)) / max(len(made_from), 1)
            best = max(best, (share, docname))
    except BookError:
        return None
    return best[1] or None
