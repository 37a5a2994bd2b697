"""What a build must deliver, held against what it did: ``_build/manifest.json``.  Any hole is an error."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bookbuild.config import Book, Selection
from bookbuild.errors import Finding
from bookbuild.files import read_text, write_atomically
from bookbuild.pages import Page, load_page
from bookbuild.stamp import MANIFEST

PANE = re.compile(r"<div[^>]*\bid=\"cell-[^>]*>")
PANE_FRAMEWORK = re.compile(r'data-framework="([\w-]+)"')


@dataclass(frozen=True, slots=True)
class Entry:
    """One promised file; ``framework`` is empty where the file holds all of them."""

    format: str
    language: str
    page: str
    framework: str
    file: str
    """below ``_build``"""


def declared(book: Book, chosen: Selection, formats: Iterable[str]) -> Iterator[Entry]:
    """Every file of the declared pages x languages x frameworks in the formats."""
    for form in formats:
        for language in chosen.languages:
            if form == "pdf":
                for framework in chosen.frameworks:
                    yield Entry(
                        form, language, "", framework, f"pdf/{language}/d2l-{language}-{framework}.pdf"
                    )
                continue
            for page in chosen.pages:
                if form == "html":
                    yield Entry(form, language, page, "", f"html/{language}/{page}.html")
                    continue
                for framework in load_page(book, book.source, page).frameworks:
                    if framework in chosen.frameworks:
                        yield Entry(
                            form, language, page, framework, f"notebooks/{language}/{framework}/{page}.ipynb"
                        )


def holes(book: Book, entries: Iterable[Entry]) -> Iterator[Finding]:
    """What is declared and was not delivered."""
    for entry in entries:
        path = book.root / "_build" / entry.file
        if not path.is_file() or not path.stat().st_size:
            yield Finding(
                book.relative(path),
                0,
                f"was not delivered ({entry.format})",
                "see the errors above; then run the build again",
            )
        elif entry.format == "html":
            yield from _missing_panes(book, path, load_page(book, book.source, entry.page))


def _missing_panes(book: Book, path: Path, page: Page) -> Iterator[Finding]:
    panes: Counter[str] = Counter()
    for pane in PANE.finditer(read_text(path)):
        framework = PANE_FRAMEWORK.search(pane.group())
        panes[framework.group(1) if framework else ""] += 1
    for framework in page.frameworks:
        if panes[framework] != len(page.groups):
            yield Finding(
                book.relative(path),
                0,
                f"has {panes[framework]} panes for {framework}, the page has {len(page.groups)} groups",
                "rebuild it with `make clean` and `make html`; if it stays, report it",
            )


def write_manifest(
    book: Book, entries: Iterable[Entry], found: Iterable[Finding], skipped: dict[str, str]
) -> Path:
    """Write the manifest of this build; returns its path."""
    build = book.root / "_build"
    files = []
    for entry in entries:
        path = build / entry.file
        files.append({**asdict(entry), "bytes": path.stat().st_size if path.is_file() else None})
    content = {
        "version": book.version,
        "delivered": [f for f in files if f["bytes"] is not None],
        "holes": [str(f) for f in found],
        "skipped": skipped,
    }
    path = book.root / MANIFEST
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return path
