"""Render: one PDF for each language and framework, by Sphinx's LaTeX builder and XeLaTeX.

What it needs of Debian stands in ``bookbuild/system.py``: XeLaTeX with xeCJK and the languages' hyphenation,
makeindex, fonts, librsvg for drawings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bookbuild.config import Book
from bookbuild.errors import BookError, Finding
from bookbuild.files import digest, write_atomically

GRAPHIC = re.compile(r"\\sphinxincludegraphics(?:\[[^]]*\])?\{\{([^}]*)\}([^}]*)\}")
SUPPORT = ("*.sty", "*.cls", "python.ist")


def build(book: Book, lang: str, frameworks: Sequence[str]) -> list[Path]:
    """The PDFs of one language; what did not change since the last time is kept.

    Raises one BookError with the findings of all of them.
    """
    folder = book.root / "_build" / "latex" / lang
    write_tex(book, lang, frameworks, folder)
    with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, len(frameworks)))) as pool:
        results = list(pool.map(lambda key: _one(book, lang, key, folder), frameworks))
    faults = [finding for _, findings in results for finding in findings]
    if faults:
        raise BookError(dict.fromkeys(faults))
    return [path for path, _ in results]


def write_tex(book: Book, lang: str, frameworks: Sequence[str], folder: Path) -> None:
    """The ``.tex`` files of one language, with all that they include."""
    from bookbuild.render.app import sphinx_app
    from bookbuild.render.pdf.settings import latex_settings

    settings = latex_settings(book, book.language(lang), tuple(frameworks))
    doctrees = book.root / "_build" / "doctrees" / lang
    with sphinx_app(book, lang, "latex", folder, doctrees, settings) as app:
        app.build()


def pdf_path(book: Book, lang: str, framework: str) -> Path:
    return book.root / "_build" / "pdf" / lang / f"d2l-{lang}-{framework}.pdf"


def _one(book: Book, lang: str, framework: str, folder: Path) -> tuple[Path, tuple[Finding, ...]]:
    from bookbuild.render.pdf.tex import typeset

    target = pdf_path(book, lang, framework)
    name = target.stem
    key, stamp = inputs_key(folder, name), folder / f"{name}.key"
    if target.is_file() and stamp.is_file() and stamp.read_text("utf-8") == key:
        return target, ()
    try:
        made = typeset(folder, name)
    except BookError as error:
        return target, tuple(_on_page(book, lang, finding) for finding in error.findings)
    write_atomically(target, made.read_bytes())
    made.unlink()
    write_atomically(stamp, key)
    return target, ()


def inputs_key(folder: Path, name: str) -> str:
    """A digest over all that the PDF is made from."""
    text = (folder / f"{name}.tex").read_bytes()
    graphics = {"".join(m.groups()) for m in GRAPHIC.finditer(text.decode("utf-8"))}
    support = {path.name for pattern in SUPPORT for path in folder.glob(pattern)}
    parts = [digest(text)]
    for file in sorted(graphics | support):
        path = folder / file
        parts.append(f"{file} {digest(path.read_bytes()) if path.is_file() else 'missing'}")
    return digest("\n".join(parts))


def _on_page(book: Book, lang: str, finding: Finding) -> Finding:
    """A finding of TeX names a page by its name; a reader wants the file."""
    from bookbuild.render.project import page_language

    if finding.path not in book.pages:
        return finding
    path = book.page_path(page_language(book, lang, finding.path), finding.path)
    return Finding(book.relative(path), finding.line, finding.problem, finding.mend, finding.severity)
