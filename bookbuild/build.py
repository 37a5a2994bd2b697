"""``make``: library, execution, HTML, notebooks and PDF of all languages, then the manifest."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from bookbuild import stamp, system
from bookbuild.config import Book, Selection
from bookbuild.errors import BookError, Finding

if TYPE_CHECKING:
    from bookbuild.manifest import Entry

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    formats: tuple[str, ...]
    chosen: Selection
    strict: bool
    """a format that cannot be built is an error"""
    execute: bool


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of rendering, done in a worker process."""

    kind: str
    language: str
    frameworks: tuple[str, ...]
    downloads: tuple[str, ...] = ()
    """what the pages link to"""

    def __str__(self) -> str:
        return f"{self.kind} {self.language}" + (
            f" {' '.join(self.frameworks)}" if self.kind == "pdf" else ""
        )


def build(book: Book, request: Request, say: Say) -> None:
    """Build what is asked for.  Raises one BookError with all findings, at the end."""
    sources = stamp.inputs(book.root, stamp.SOURCES)
    skipped = _skipped(request, say)
    request = replace(request, formats=tuple(f for f in request.formats if f not in skipped))
    key = stamp_key(book, request)
    if stamp.unchanged(book.root, key):
        say("nothing changed since the last build")
        _say_skipped(skipped, say)
        return
    stamp.forget(book.root, key)
    found = list(_prepare(book, request, say))
    produced = stamp.inputs(book.root, stamp.PRODUCED)
    try:
        _render(book, request, found, say)
        entries = _deliver(book, request, found, skipped)
    except BookError as error:
        found += error.findings
    if found:
        raise BookError(dict.fromkeys(found))
    say(f"{len(entries)} files, no hole: {stamp.MANIFEST}")
    _say_skipped(skipped, say)
    stamp.remember(book.root, key, sources, produced, [e.file for e in entries])


def stamp_key(book: Book, request: Request) -> str:
    """What a build is known by: all that was asked for, and the downloads that its pages link to."""
    chosen, formats = request.chosen, request.formats
    beside = [f"{x} {y}" for x in chosen.languages for y in published(book, x, formats) if "html" in formats]
    parts = (formats, chosen.languages, chosen.frameworks, chosen.pages, beside)
    return " | ".join([*map(" ".join, parts), str(request.execute)])


def _say_skipped(skipped: dict[str, str], say: Say) -> None:
    for form, reason in skipped.items():
        say(f"skipped: {form}: {reason}")


def _skipped(request: Request, say: Say) -> dict[str, str]:
    """Formats that this machine cannot build, with the reason; installs TeX where that is allowed."""
    if "pdf" not in request.formats or not system.missing("tex"):
        return {}
    problem = system.install("tex", say)
    if problem is None:
        return {}
    if request.strict:
        raise BookError.at("pdf", 0, "TeX is missing", f"install it: {problem}")
    return {"pdf": f"no TeX; install it with: {problem}"}


def _prepare(book: Book, request: Request, say: Say) -> Iterator[Finding]:
    """Bring the library and the outputs up to date."""
    from bookbuild.library import write_library
    from bookbuild.pages.book import require_sound_pages

    require_sound_pages(book)
    for path in write_library(book):
        say(f"wrote {book.relative(path)}")
    if request.execute:
        from bookbuild import store

        if any(store.stale(book, request.chosen.pages, request.chosen.frameworks)):
            from bookbuild.execution import execute

            yield from execute(book, request.chosen.pages, request.chosen.frameworks).findings


def _render(book: Book, request: Request, found: list[Finding], say: Say) -> None:
    """Render all formats; what is wrong with the pages is added to ``found``."""
    chosen, formats = request.chosen, request.formats
    # a language's formats share its doctrees: the first pass writes them, PDF reads them
    first = [
        Task("pages", x, chosen.frameworks, published(book, x, request.formats)) for x in chosen.languages
    ]
    kinds = tuple(f for f in formats if f != "pdf")
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 8), mp_context=get_context("spawn")) as pool:
        if kinds:
            found += _run(pool, book, first, kinds, say)
        if "pdf" in formats:
            tasks = [Task("pdf", x, chosen.frameworks) for x in chosen.languages]
            found += _run(pool, book, tasks, ("pdf",), say)
    if "notebooks" in formats:
        from bookbuild.render.notebooks.wheel import wheel

        wheel(book, book.root / "_build" / "notebooks")
    if "html" in formats:
        from bookbuild.render import build_landing

        build_landing(book)
    if (book.root / "_build" / "html").is_dir():
        publish(book)  # also into a site that stands already


def _run(
    pool: ProcessPoolExecutor, book: Book, tasks: Iterable[Task], kinds: tuple[str, ...], say: Say
) -> list[Finding]:
    futures = {pool.submit(render, book.root, task, kinds): task for task in tasks}
    found: list[Finding] = []
    for future in as_completed(futures):
        try:
            seconds, findings = future.result()
        except BrokenProcessPool:
            raise BookError.at(
                str(futures[future]), 0, "its process was killed", "is memory or disk full? then run again"
            ) from None
        say(
            f"{futures[future]}: {' '.join(kinds)} in {seconds:.1f} s" + (", with errors" if findings else "")
        )
        found += findings
    return found


def render(root: Path, task: Task, kinds: tuple[str, ...]) -> tuple[float, tuple[Finding, ...]]:
    """The work of one task, in a worker; returns seconds and findings."""
    from bookbuild.config import load_book

    start = time.perf_counter()
    book = load_book(root)
    found: list[Finding] = []
    for kind in kinds:
        try:
            if kind == "html":
                from bookbuild.render import build_html

                build_html(book, task.language, task.downloads)
            elif kind == "notebooks":
                from bookbuild.render import notebooks

                notebooks.build(book, task.language, task.frameworks)
            else:
                from bookbuild.render import pdf

                pdf.build(book, task.language, task.frameworks)
        except BookError as error:
            found += error.findings
    return time.perf_counter() - start, tuple(dict.fromkeys(found))


def published(book: Book, language: str, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """The downloads of a language that its pages link to: built now, or standing there without a gap."""
    from bookbuild.manifest import declared

    whole = Selection((language,), book.framework_keys, book.pages)
    return tuple(
        form
        for form in ("notebooks", "pdf")
        if form in asked
        or all((book.root / "_build" / e.file).is_file() for e in declared(book, whole, (form,)))
    )


def publish(book: Book) -> None:
    """Copy the downloads into the site, beside the pages that link to them, and take away what is gone."""
    build = book.root / "_build"
    for name, suffixes in (("notebooks", (".ipynb", ".whl")), ("pdf", (".pdf",))):
        site = build / "html" / name
        sources = [path for path in (build / name).rglob("*") if path.suffix in suffixes]
        targets = {site / path.relative_to(build / name): path for path in sources}
        for target, source in targets.items():
            same = target.is_file() and target.stat().st_mtime_ns == source.stat().st_mtime_ns
            if not same:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        for target in site.rglob("*"):
            if target.is_file() and target not in targets:
                target.unlink()


def _deliver(
    book: Book, request: Request, found: list[Finding], skipped: dict[str, str]
) -> tuple[Entry, ...]:
    """Write the manifest; holes are added to ``found``."""
    from bookbuild.manifest import declared, holes, write_manifest

    entries = tuple(declared(book, request.chosen, request.formats))
    if not found:
        found += holes(book, entries)
    write_manifest(book, entries, found, skipped)
    return entries
