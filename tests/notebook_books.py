"""Small books for the tests of notebooks, store and execution."""

from __future__ import annotations

import shutil
from pathlib import Path

from bookbuild import environments
from bookbuild.config import Book, load_book

CLONE = Path(__file__).resolve().parent.parent
FIXTURE = CLONE / "tests" / "fixtures" / "book"
FRONT = (
    "---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n{more}---\n\n# Page\n\n"
)


def copy_book(folder: Path) -> Book:
    """The small book with the clone's locks; its environments are the clone's too, once something runs."""
    root = folder / "book"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("_build", "outputs", "__pycache__"))
    (root / "environments").symlink_to(CLONE / "environments")
    return load_book(root)


def with_environments(book: Book, *names: str) -> Book:
    """Let a copied book use the clone's environments, which are made where they are missing."""
    problems = environments.ensure(CLONE, names)
    assert not any(problems.values()), problems
    (book.root / ".venv").symlink_to(CLONE / ".venv")
    return book


def write_page(book: Book, name: str, *cells: str, more: str = "") -> Path:
    """A page of framework-free cells ``c0``, ``c1``, ...; a first line may hold tags, ``[save]``."""
    text = FRONT.format(more=more)
    for number, cell in enumerate(cells):
        tags, source = cell.split("\n", 1) if cell.startswith("[") else ("", cell)
        option = f":tags: {tags}\n" if tags else ""
        text += f"```{{code-cell}}\n:name: c{number}\n{option}\n{source.strip()}\n```\n\n"
    path = book.page_path(book.source, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def with_pages(book: Book, *names: str) -> Book:
    """The book with a table of contents that lists these pages after the first."""
    lines = "".join(f"  - file: {name}\n" for name in names)
    toc = f"format: jb-book\nroot: index\ndefaults: {{numbered: true}}\nchapters:\n{lines}"
    (book.root / "_toc.yml").write_text(toc)
    return load_book(book.root)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }
