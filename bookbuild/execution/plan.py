"""Which notebooks run, and in which order: decided before anything starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.pages import Page, check, load_page

UNKNOWN = 10.0
"""seconds that a notebook is taken for before it first ran"""


@dataclass(frozen=True, slots=True)
class Planned:
    page: Page
    framework: str
    estimate: float
    """seconds"""

    @property
    def cells(self) -> int:
        return len(self.page.cells(self.framework))


def plan(
    book: Book, pages: Iterable[str], frameworks: Iterable[str], device: str, everything: bool
) -> list[Planned]:
    """The notebooks to run, the longest first, so that the last to end is a short one.

    Takes those whose outputs are stale, or ``everything``.  For a GPU only pages that ask for a device count.
    Raises BookError for a page that is in error.
    """
    pages = tuple(pages)
    frameworks = tuple(frameworks)
    loaded = {docname: load_page(book, book.source, docname) for docname in pages}
    faults = [finding for page in loaded.values() for finding in check(page)]
    if faults:
        raise BookError(faults)
    wanted = _all(loaded, frameworks) if everything else store.stale(book, pages, frameworks, device)
    found = [
        Planned(loaded[docname], framework, _estimate(book, docname, framework, device))
        for docname, framework in wanted
        if device == "cpu" or loaded[docname].front_matter.devices
    ]
    return sorted(found, key=lambda p: (-p.estimate, p.page.docname, p.framework))


def _all(loaded: dict[str, Page], frameworks: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for docname, page in loaded.items():
        yield from ((docname, f) for f in page.frameworks if f in frameworks and page.cells(f))


def _estimate(book: Book, docname: str, framework: str, device: str) -> float:
    try:
        record = store.read(book, docname, framework, device)
    except BookError:
        return UNKNOWN
    return record.seconds if record else UNKNOWN
