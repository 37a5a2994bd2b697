"""The command line: reads words and variables, calls the rooms, prints findings, sets the exit code.

Variables come as ``BOOK_<NAME>`` in the environment, which is how the Makefile passes its own.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from bookbuild.config import Book, Selection, find_root, load_book, select
from bookbuild.errors import BookError, Finding
from bookbuild.files import fault

OFF = ("", "0", "no", "off", "false")


def variable(name: str) -> str:
    return os.environ.get(f"BOOK_{name}", "").strip()


def switch(name: str) -> bool:
    return variable(name).lower() not in OFF


def report(findings: Iterable[Finding]) -> int:
    """Print findings, one line each; returns the number of errors."""
    errors = 0
    for finding in findings:
        click.echo(str(finding), err=True)
        errors += finding.severity == "error"
    return errors


def lines(function: Callable[..., int | None]) -> Callable[..., None]:
    """Exit with what the function returns; a BookError is one line each and exit 1."""

    @functools.wraps(function)
    def run(**arguments: str) -> None:
        try:
            sys.exit(function(**arguments) or 0)
        except BookError as error:
            report(error.findings)
            sys.exit(1)
        except OSError as error:
            report(fault(error).findings)
            sys.exit(1)

    return run


def command(function: Callable[[Book, Selection], int | None]) -> click.Command:
    """A command over the book and the selection of the variables."""

    @functools.wraps(function)
    def run() -> int | None:
        book = load_book(find_root(Path.cwd()))
        return function(book, select(book, variable("LANGS"), variable("FRAMEWORKS"), variable("PAGES")))

    return main.command(function.__name__.replace("_", "-"), help=function.__doc__)(lines(run))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Build the book; see the README for the make targets that call these commands."""


def _build(
    book: Book, chosen: Selection, formats: tuple[str, ...], execute: bool, strict: bool = False
) -> None:
    from bookbuild.build import Request, build

    request = Request(formats, chosen, strict=strict or switch("STRICT"), execute=execute)
    build(book, request, click.echo)


@command
def build(book: Book, chosen: Selection) -> None:
    """Execute what is stale; build HTML, notebooks and PDF."""
    _build(book, chosen, ("html", "notebooks", "pdf"), execute=True)


@command
def html(book: Book, chosen: Selection) -> None:
    """Build the site from the stored outputs."""
    _build(book, chosen, ("html",), execute=False)


@command
def notebooks(book: Book, chosen: Selection) -> None:
    """Build the downloadable notebooks from the stored outputs."""
    _build(book, chosen, ("notebooks",), execute=False)


@command
def pdf(book: Book, chosen: Selection) -> None:
    """Build the PDFs from the stored outputs; needs TeX."""
    _build(book, chosen, ("pdf",), execute=False, strict=True)


@command
def execute(book: Book, chosen: Selection) -> int:
    """Execute what is stale and store the outputs."""
    from bookbuild.library import write_library
    from bookbuild.pages.book import require_sound_pages

    options = {
        "device": device(),
        "force": switch("FORCE"),
        "check": switch("CHECK"),
        "workers": number("WORKERS"),
        "scheduler": variable("SCHEDULER") or None,
    }
    require_sound_pages(book)
    if not options["check"]:
        for path in write_library(book):
            click.echo(f"wrote {book.relative(path)}")
    from bookbuild.execution import execute
    from bookbuild.status import write_status

    errors = report(execute(book, chosen.pages, chosen.frameworks, **options).findings)
    write_status(book)
    return min(1, errors)


@main.command("why", help="Say in words why each stored output of PAGE in FRAMEWORK is fresh or stale.")
@click.argument("page")
@click.argument("framework")
@click.argument("cell", default="")
@lines
def why(page: str, framework: str, cell: str) -> int:
    from bookbuild import store
    from bookbuild.config import require_known
    from bookbuild.pages import load_page

    book = load_book(find_root(Path.cwd()))
    english = load_page(book, book.source, require_known("PAGE", page, book.pages))
    require_known("FRAMEWORK", framework, english.frameworks)
    if cell:
        require_known("CELL", cell, [c.name for c in english.cells(framework)])
    for line in store.why(book, english, framework, cell, device()):
        click.echo(line)
    return 0


@command
def lib(book: Book, chosen: Selection) -> None:
    """Write the cells tagged save into d2l/."""
    from bookbuild.library import write_library

    changed = write_library(book)
    for path in changed:
        click.echo(f"wrote {book.relative(path)}")
    if not changed:
        click.echo("d2l is in step with the pages")


@command
def lint(book: Book, chosen: Selection) -> int:
    """Check pages, links, translations, freshness and the library."""
    from bookbuild.lint import findings

    found = list(findings(book))
    errors = report(found)
    warnings = len(found) - errors
    click.echo(
        f"{len(book.pages)} pages in {len(book.languages)} languages: {errors} errors, {warnings} warnings"
    )
    return int(bool(errors or (warnings and switch("STRICT"))))


@command
def translate_status(book: Book, chosen: Selection) -> None:
    """Print how much of each translation is fresh, stale or missing."""
    _translation_status(book, chosen, as_json=False)


def _translation_status(book: Book, chosen: Selection, as_json: bool) -> None:
    from bookbuild.translation import status

    found = list(status.lines(book, chosen.languages, chosen.pages))
    click.echo(status.as_json(found) if as_json else status.table(found))


@main.group()
def translate() -> None:
    """Translate pages, and say which translations hold."""


def translating(name: str) -> Callable[[Callable[..., int | None]], click.Command]:
    """A command of a translator over the book; ``language`` and ``page``, where it has them, are known."""

    def wrap(function: Callable[..., int | None]) -> click.Command:
        @functools.wraps(function)
        def run(**arguments: Any) -> int | None:
            from bookbuild.config import require_known

            book = load_book(find_root(Path.cwd()))
            others = [x for x in book.language_keys if x != book.source]
            if "language" in arguments:
                require_known("LANG", arguments["language"], others)
            if "page" in arguments:
                require_known("PAGE", arguments["page"], book.pages)
            return function(book, **arguments)

        return translate.command(name, help=function.__doc__)(lines(run))

    return wrap


@translating("status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(book: Book, as_json: bool) -> None:
    """Print how much of each translation is fresh, stale or missing."""
    chosen = select(book, variable("LANGS"), "", variable("PAGES"))
    _translation_status(book, chosen, as_json)


@translating("new")
@click.argument("language", metavar="LANG")
@click.argument("page")
def new(book: Book, language: str, page: str) -> None:
    """Begin a page: placeholders, labels, and the English text marked for translation."""
    from bookbuild.translation.work import write_new

    click.echo(f"wrote {write_new(book, language, page)}")


@translating("next")
@click.argument("language", metavar="LANG")
@click.option("-n", "count", type=click.IntRange(min=1), default=1, show_default=True, help="So many.")
def next_(book: Book, language: str, count: int) -> None:
    """Show what helps readers most: English then and now, and the present translation."""
    from itertools import islice

    from bookbuild.translation.work import describe, tasks

    shown = [describe(book, task) for task in islice(tasks(book, language, book.pages), count)]
    click.echo("\n\n".join(shown) or "everything is translated and fresh")


@translating("confirm")
@click.argument("language", metavar="LANG")
@click.argument("page")
@click.argument("block", nargs=-1)
def confirm(book: Book, language: str, page: str, block: tuple[str, ...]) -> int:
    """Take the translation as made from the present English text: all that was touched, or the blocks on
    these lines (12, or 12-40)."""
    from bookbuild.files import held
    from bookbuild.lint import translation_findings
    from bookbuild.translation import work

    with held(book.page_path(language, page)):
        done = work.confirm(book, language, page, block)
        found = translation_findings(book, language, page, done.state)
        refused = [f for f in found if f.severity == "error"]
        if refused:
            report(refused)
            click.echo(f"{len(refused)} findings; nothing was confirmed", err=True)
            return 1
        report(done.left)
        click.echo(f"wrote {work.write_state(book, done.state)}: {done.count} blocks confirmed")
    return 0


@translating("move")
@click.argument("old")
@click.argument("new")
def move(book: Book, old: str, new: str) -> None:
    """Move a page's translations after its English page, which is now NEW."""
    from bookbuild.config import require_known
    from bookbuild.translation.work import move

    for path in move(book, old, require_known("NEW", new, book.pages)):
        click.echo(f"wrote {path}")


@command
def fmt(book: Book, chosen: Selection) -> None:
    """Write pages in their canonical form."""
    from bookbuild.files import read_text, write_atomically
    from bookbuild.pages.canonical import canonical

    for language in chosen.languages:
        for path in (book.page_path(language, d) for d in chosen.pages):
            if path.is_file() and canonical(text := read_text(path)) != text:
                write_atomically(path, canonical(text))
                click.echo(f"wrote {book.relative(path)}")


@command
def serve(book: Book, chosen: Selection) -> None:
    """Build, serve on loopback, rebuild the touched page, reload the browser."""
    from bookbuild.serve import serve

    serve(book, chosen.languages, number("PORT") or 8000, click.echo)


@command
def bench(book: Book, chosen: Selection) -> None:
    """Print the speed of the build."""
    from bookbuild.bench import bench

    bench(book, click.echo)


@command
def test(book: Book, chosen: Selection) -> int:
    """Run the tests."""
    from bookbuild.testing import run_tests

    return run_tests(book.root, strict=switch("STRICT"))


@command
def clean(book: Book, chosen: Selection) -> None:
    """Remove what was built."""
    import shutil

    shutil.rmtree(book.root / "_build", ignore_errors=True)


def device() -> str:
    value = variable("DEVICE") or "cpu"
    if value not in ("cpu", "gpu"):
        raise BookError.at(f"DEVICE={value}", 0, f"{value!r} is unknown", "known: cpu gpu")
    return value


def number(name: str) -> int | None:
    value = variable(name)
    if not value:
        return None
    if not value.isdigit() or int(value) < 1:
        raise BookError.at(f"{name}={value}", 0, "is not a whole number above 0", f"write {name}=2, say")
    return int(value)
