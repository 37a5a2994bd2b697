"""The pages above the languages: ``_build/html/index.html`` and ``status.html``."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bookbuild.config import Book
from bookbuild.files import write_atomically
from bookbuild.render.strings import strings
from bookbuild.status import write_status
from bookbuild.translation.status import STATES, by_language, total
from bookbuild.translation.status import lines as translation_lines

HERE = Path(__file__).parent
ASSETS = ("landing.css", "landing.js")


def build_landing(book: Book) -> None:
    """Write the choice of languages and the status, with their style and script beside them."""
    folder = book.root / "_build" / "html"
    write_atomically(folder / "index.html", landing(book))
    write_atomically(folder / "status.html", status(book))
    for name in ASSETS:
        write_atomically(folder / name, (HERE / "landing" / name).read_bytes())


def landing(book: Book) -> str:
    entries = [{"language": x, "read": strings(x.key)["read"]} for x in book.languages]
    return _template("index.html").render(book=book, entries=entries)


def status(book: Book) -> str:
    """What stands in the store, and how far the translations are, for those who keep the book."""
    lines = write_status(book)
    counts = {state: sum(line.state == state for line in lines) for state in ("fresh", "stale", "missing")}
    translations = by_language(translation_lines(book))
    totals = {language: total(group) for language, group in translations.items()}
    return _template("status.html").render(
        book=book, lines=lines, counts=counts, translations=translations, totals=totals, states=STATES
    )


def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE / "landing"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
