"""Render: the notebooks that readers download, one for each page, language and framework, and the wheel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bookbuild.config import Book
from bookbuild.pages import load_page


def build(book: Book, lang: str, frameworks: Sequence[str]) -> list[Path]:
    """The notebooks of one language below ``_build/notebooks/<lang>``; returns their paths.

    Raises BookError with every finding.
    """
    from bookbuild.render.app import sphinx_app

    outdir = book.root / "_build" / "notebooks" / lang
    doctrees = book.root / "_build" / "doctrees" / lang
    with sphinx_app(
        book, lang, "notebook", outdir, doctrees, {"bookbuild_notebook_frameworks": list(frameworks)}
    ) as app:
        app.build()
    made = [
        outdir / key / f"{page}.ipynb"
        for page in book.pages
        for key in frameworks
        if key in load_page(book, book.source, page).frameworks
    ]
    remove_others(outdir, frameworks, made)
    return made


def remove_others(outdir: Path, frameworks: Sequence[str], made: Sequence[Path]) -> None:
    """Notebooks of pages that the book no longer has are not published again."""
    for key in frameworks:
        for path in set((outdir / key).rglob("*.ipynb")) - set(made):
            path.unlink()
