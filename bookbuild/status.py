"""What stands in the store, page by page and framework by framework: ``_build/execution.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.files import write_atomically
from bookbuild.pages import Page, load_page

FILE = Path("_build") / "execution.json"


@dataclass(frozen=True, slots=True)
class Line:
    """One notebook on one kind of device."""

    page: str
    framework: str
    device: str
    state: str
    """``fresh``, ``stale``, ``missing`` or ``damaged``"""
    why: str = ""
    """the first reason where it is not fresh"""
    machine: str = ""
    """the processor, or the GPU with its driver"""
    python: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    cells: int = 0
    seconds: float = 0.0
    """wall time of the notebook"""
    peak_memory: int = 0
    """MiB"""
    date: str = ""


def lines(book: Book) -> Iterator[Line]:
    """Every notebook of the book, and the GPU records that there are."""
    for docname in book.pages:
        try:
            page = load_page(book, book.source, docname)
        except BookError:
            continue  # lint says what is wrong with it
        for framework in (f for f in page.frameworks if page.cells(f)):
            yield _line(book, page, framework, "cpu")
            if store.path(book, docname, framework, "gpu").is_dir():
                yield _line(book, page, framework, "gpu")


def _line(book: Book, page: Page, framework: str, device: str) -> Line:
    where = page.docname, framework, device
    try:
        record = store.read(book, page.docname, framework, device)
        state = store.freshness(book, page, framework, device, record)
    except BookError as error:
        return Line(*where, "damaged", error.findings[0].problem)
    if record is None:
        return Line(*where, "missing")
    first = next((f"{name}: {reason}" for name, reason in state.stale_cells.items()), "")
    return Line(
        *where,
        "fresh" if state.fresh else "stale",
        first,
        record.machine,
        record.python,
        dict(record.versions),
        len(record.cells),
        round(record.seconds, 2),
        record.peak_memory,
        record.date,
    )


def write_status(book: Book) -> tuple[Line, ...]:
    """Write ``_build/execution.json``; returns its lines."""
    found = tuple(lines(book))
    write_atomically(book.root / FILE, json.dumps([asdict(line) for line in found], indent=1) + "\n")
    return found
