"""Whether stored outputs still hold, and what is wrong with the store as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bookbuild.config import Book
from bookbuild.errors import BookError, Finding
from bookbuild.pages import Page, load_page
from bookbuild.store.bundles import image_size, images
from bookbuild.store.key import explain, rests_on
from bookbuild.store.records import NAME, Record, read
from bookbuild.store.sources import declared_profile, keys


@dataclass(frozen=True, slots=True)
class Freshness:
    fresh: bool
    """every cell of the page has its output"""
    stale_cells: Mapping[str, str] = field(default_factory=dict)
    """with the reason"""
    missing: bool = False
    """there is no record"""
    orphans: tuple[str, ...] = ()
    """cells of the record that the page no longer has"""


def freshness(
    book: Book, page: Page, framework: str, device: str = "cpu", record: Record | None = None
) -> Freshness:
    """Judge a record against the sources as they are now.  ``page`` is the English page.

    Give the ``record`` where it has been read already.  A damaged one raises BookError.
    """
    cells = page.cells(framework)
    record = record or read(book, page.docname, framework, device)
    if record is None:
        return Freshness(fresh=not cells, missing=bool(cells))
    order = [c.name for c in record.cells]
    stale: dict[str, str] = {}
    for key in keys(book, page, framework, declared_profile(book, record)):
        stored = record.cell(key.name)
        if stored is None:
            stale[key.name] = "it has never been executed"
        elif stored.key != key.key:
            reasons = explain(key, record.parts, order)
            stale[key.name] = (
                "; ".join(reasons) or "its record was changed by hand, or it rests on less than it did"
            )
    names = {c.name for c in cells}
    return Freshness(not stale, stale, orphans=tuple(n for n in order if n not in names))


def devices(page: Page) -> tuple[str, ...]:
    """The devices whose outputs a page may show, the preferred one first."""
    return ("gpu", "cpu") if page.front_matter.devices else ("cpu",)


def shown(book: Book, page: Page, framework: str) -> tuple[Record | None, Freshness]:
    """The record to show: of a page that asks for a device, the GPU's if it is fresh, else the CPU's."""
    for device in devices(page):
        record = read(book, page.docname, framework, device)
        state = freshness(book, page, framework, device, record)
        if record is not None and state.fresh:
            break
    return record, state


def why(book: Book, page: Page, framework: str, cell: str = "", device: str = "cpu") -> Iterator[str]:
    """In words, cell by cell, why a record is fresh or stale; what one ``cell`` rests on if it is fresh."""
    record = read(book, page.docname, framework, device)
    state = freshness(book, page, framework, device, record)
    if record is None:
        yield f"{page.docname}, {framework}: there is no record; run `{command(page.docname, framework)}`"
        return
    for key in keys(book, page, framework, declared_profile(book, record)):
        if cell in ("", key.name):
            reason = state.stale_cells.get(key.name)
            yield f"{key.name}: stale: {reason}" if reason else f"{key.name}: fresh"
            if cell and not reason:
                yield from (f"  as recorded: {line}" for line in rests_on(key))


def stale(
    book: Book, pages: Iterable[str], frameworks: Iterable[str], device: str = "cpu"
) -> Iterator[tuple[str, str]]:
    """The notebooks that have to run, as (page, framework)."""
    frameworks = tuple(frameworks)
    for docname in pages:
        page = load_page(book, book.source, docname)
        for framework in (f for f in page.frameworks if f in frameworks):
            try:
                state = freshness(book, page, framework, device)
            except BookError:
                yield docname, framework
                continue
            if not state.fresh or state.orphans:
                yield docname, framework


def findings(book: Book) -> Iterator[Finding]:
    """What is wrong with the store: damaged, missing, stale or left over records, images without a text.

    GPU records that are stale are no finding: they are not shown.
    """
    for docname in book.pages:
        try:
            page = load_page(book, book.source, docname)
        except BookError:
            continue  # an error of the page, reported as such
        for framework in page.frameworks:
            try:
                yield from _notebook(book, page, framework)
            except BookError as error:
                yield from error.findings
    yield from _left_over(book)


IMAGE, IMAGES = 150, 1000
"""KiB that one image may have, and all those of a page in one framework: readers load them all"""


def output_findings(book: Book, page: Page, record: Record) -> Iterator[Finding]:
    """What outputs must not be: two images of a cell, one too large or without a text, no error after all."""
    total = 0
    for cell in page.cells(record.framework):
        stored = record.cell(cell.name)
        if stored is None:
            continue
        where = book.relative(page.path), cell.line
        raised = any(o["output_type"] == "error" for o in stored.outputs)
        if "raises-exception" in cell.tags and not raised:
            yield Finding(
                *where,
                f"cell {cell.name!r} is tagged `raises-exception` and raises none in {record.framework}",
                "take the tag away, or mend the cell",
            )
        count = images(stored.outputs) if "remove-output" not in cell.tags else 0
        if count > 1:
            yield Finding(
                *where,
                f"cell {cell.name!r} draws {count} images in {record.framework}",
                "draw one in each cell, or both as parts of one figure",
            )
        size = image_size(stored.outputs) >> 10
        total += size
        if size > IMAGE:
            yield Finding(
                *where,
                f"the image of cell {cell.name!r} in {record.framework} has {size} KiB, {IMAGE} are allowed",
                "draw fewer points, the dense part with `rasterized=True`, or all of it as PNG",
            )
        group = page.group(cell.name)
        if count and not (group and group.alt):
            yield Finding(
                *where,
                f"cell {cell.name!r} draws an image without alternative text",
                "add `:alt:` to the first cell of its group: what would a reader conclude from it?",
            )

    if total > IMAGES:
        problem = f"its {record.framework} images have {total} KiB together, {IMAGES} are allowed"
        yield Finding(book.relative(page.path), 0, problem, "draw fewer or smaller ones")


def command(docname: str, framework: str) -> str:
    return f"make execute PAGES={docname} FRAMEWORKS={framework}"


def _notebook(book: Book, page: Page, framework: str) -> Iterator[Finding]:
    record = read(book, page.docname, framework)
    state = freshness(book, page, framework, record=record)
    mend = f"run `{command(page.docname, framework)}`"
    path = book.relative(page.path)
    if state.missing:
        yield Finding(path, 0, f"has no outputs for {framework}", mend)
    elif state.stale_cells:
        name, reason = next(iter(state.stale_cells.items()))
        line = next(c.line for c in page.cells(framework) if c.name == name)
        more = len(state.stale_cells) - 1
        others = f" and of {more} cell{'s' if more > 1 else ''} after it" if more else ""
        first = _first_reasons(reason, f"bookbuild why {page.docname} {framework} {name}")
        yield Finding(path, line, f"the {framework} output of {name!r}{others} is stale: {first}", mend)
    elif state.orphans:
        names = ", ".join(state.orphans)
        yield Finding(path, 0, f"its {framework} outputs hold cells that it no longer has: {names}", mend)
    if record is not None:
        yield from output_findings(book, page, record)


def _first_reasons(reason: str, command: str, most: int = 3) -> str:
    """A line's worth of reasons; the rest by name of the command that gives them."""
    parts = reason.split("; ")
    left = len(parts) - most
    return reason if left <= 1 else "; ".join(parts[:most]) + f"; and {left} more, see `{command}`"


def _left_over(book: Book) -> Iterator[Finding]:
    outputs = book.root / "outputs"
    expected = {
        f"{d}/{f}.{device}" for d in book.pages for f in _frameworks(book, d) for device in ("cpu", "gpu")
    }
    for file in sorted(outputs.rglob(NAME)):
        folder = file.parent
        shown = book.relative(folder)
        if folder.relative_to(outputs).as_posix() not in expected and not folder.name.startswith("."):
            yield Finding(shown, 0, "belongs to no page and framework of the book", f"git rm -r {shown}")


def _frameworks(book: Book, docname: str) -> tuple[str, ...]:
    try:
        return load_page(book, book.source, docname).frameworks
    except BookError:
        return book.framework_keys
