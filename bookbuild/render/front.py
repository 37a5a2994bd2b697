"""The page above the languages: ``_build/html/index.html``."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bookbuild.config import Book
from bookbuild.files import write_atomically
from bookbuild.render.strings import strings

HERE = Path(__file__).parent
ASSETS = ("landing.css", "landing.js")


def build_landing(book: Book) -> None:
    """Write the choice of languages and its style and script beside it."""
    folder = book.root / "_build" / "html"
    write_atomically(folder / "index.html", landing(book))
    for name in ASSETS:
        write_atomically(folder / name, (HERE / "landing" / name).read_bytes())


def landing(book: Book) -> str:
    loader = FileSystemLoader(HERE / "landing")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    entries = [{"language": x, "read": strings(x.key)["read"]} for x in book.languages]
    return environment.get_template("index.html").render(book=book, entries=entries)
