"""Sphinx's warnings as findings: one line each, with the page's file, its line and a mend."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator

from bookbuild.config import CONFIG, TOC, Book
from bookbuild.errors import Finding

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RECORD = re.compile(r"(?:(?P<place>.*?): )?(?:WARNING|ERROR|CRITICAL): (?P<problem>.*)", re.S)
PLACE = re.compile(r"(?P<path>.*?)(?::(?P<line>\d+|<[^>]*>|None))?")
KIND = re.compile(r"\s*\[[\w.-]+\]$")
SOURCE = re.compile(r" *\(?in [^ ]* at line \d+\)?$")

LONGEST = 300
"""characters of a problem; Sphinx may quote a whole output"""

MENDS = (
    (
        r"image file not readable|not found or not readable|cannot find image",
        "mend the path, or draw the picture with `.venv/build/bin/python -m figures.draw`",
    ),
    (
        r"undefined label|Failed to create a cross reference|label not found|unknown target|"
        r"cross-reference target not found|reference target not found",
        "mend the name, or write the label `(name)=` above its heading",
    ),
    (r"could not find bibtex key|bibtex key", "mend the key, or add the entry to chapters/references.bib"),
    (r"term not in glossary", "mend the term, or add it to the glossary page"),
    (r"[Dd]uplicate", "give one of them another name"),
    (r"[Dd]irective|Unknown interpreted text role", "mend the directive's name or its options"),
    (r"alternative text", "add `:alt:` to the group's first cell (in a translation: to the placeholder)"),
    (r"toctree|_toc|\[etoc", "mend the entry in _toc.yml"),
)


class WarningLog(io.StringIO):
    """The stream that Sphinx writes its warnings to; it writes each record whole."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def write(self, text: str) -> int:
        if text.strip():
            self.records.append(text)
        return len(text)


def findings(book: Book, records: list[str]) -> tuple[Finding, ...]:
    """Records to findings, each said once, in the order of files and lines."""
    found = {finding: None for record in records for finding in _read(book, record)}
    return tuple(sorted(found, key=lambda f: (f.path, f.line)))


def _read(book: Book, record: str) -> Iterator[Finding]:
    text = COLOUR.sub("", record).strip()
    match = RECORD.fullmatch(text)
    place, problem = (match["place"] or "", match["problem"]) if match else ("", text)
    path, line = _place(book, place) if place else (TOC if "[etoc]" in problem else CONFIG, 0)
    problem = KIND.sub("", " ".join(problem.split()))
    problem = SOURCE.sub("", problem).rstrip(".:; ").replace(f"{book.root}/", "")
    yield Finding(path, line, textwrap.shorten(problem, LONGEST, placeholder=" …"), _mend(problem))


def _place(book: Book, place: str) -> tuple[str, int]:
    match = PLACE.fullmatch(place)
    if match is None:
        return place, 0
    path = match["path"]
    for known in (path, f"{path}.md"):
        candidate = (book.root / known).resolve()
        if candidate.is_file():
            path = book.relative(candidate)
            break
    line = match["line"] or ""
    return path, int(line) if line.isdigit() else 0


def _mend(problem: str) -> str:
    return next((mend for pattern, mend in MENDS if re.search(pattern, problem)), "mend it there")
