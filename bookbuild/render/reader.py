"""What MyST-NB reads of a page: its text, the English cells in its placeholders, the stored outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from myst_nb.core.read import read_myst_markdown_notebook
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util import logging

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.pages import Cell, Page, Unavailable, check, filled, load_page
from bookbuild.render.outputs import labelled, shown_outputs
from bookbuild.render.project import page_language
from bookbuild.render.strings import strings
from bookbuild.render.translations import english_source, shown
from bookbuild.translation.book import PLOTS, read_terms
from bookbuild.translation.labels import speaker
from bookbuild.translation.state import state_path

LOGGER = logging.getLogger(__name__)
OWN_METADATA = (
    "data",
    "devices",
    "frameworks",
    "jupytext",
    "kernelspec",
    "language_info",
    "memory",
    "timeout",
)
HIDE = {"hide-input": "code", "hide-output": "output"}

_reading: tuple[Sphinx, Book]


class PageError(BookError, SphinxError):
    """Findings of a page, in a form that Sphinx prints without a traceback."""

    category = "Page"


@dataclass(frozen=True, slots=True)
class Stored:
    """One framework's record of a page, and how fresh it is."""

    record: store.Record | None
    freshness: store.Freshness
    facts: str

    def state(self, name: str) -> str:
        if self.record is None or self.freshness.missing:
            return "missing"
        if name in self.freshness.stale_cells:
            return "stale" if self.outputs(name) is not None else "missing"
        return "fresh"

    def outputs(self, name: str) -> tuple[dict[str, Any], ...] | None:
        cells = self.record.cells if self.record else ()
        return next((tuple(c.outputs) for c in cells if c.name == name), None)


def note_reading(app: Sphinx, docname: str, source: list[str]) -> None:
    """Remember which application reads: MyST-NB gives its readers the text alone (event ``source-read``)."""
    global _reading
    _reading = app, app.bookbuild_book


def read_page(text: str) -> nbformat.NotebookNode:
    """The page as a notebook in which every cell stands once for each of its frameworks."""
    app, book = _reading
    page = page_of(book, app.config.bookbuild_language, app.env.docname)
    for path in (page.path, book.page_path(book.source, page.docname)):
        app.env.note_dependency(str(path))
    app.env.metadata[page.docname]["book_frameworks"] = list(page.frameworks) if page.groups else []
    notebook = read_myst_markdown_notebook(
        text, config=app.env.myst_config, add_source_map=True, path=str(page.path)
    )
    for key in OWN_METADATA:
        notebook.metadata.pop(key, None)
    notebook.metadata["language_info"] = nbformat.from_dict({"name": "python", "pygments_lexer": "ipython3"})
    _fill(app, book, page, notebook)
    _add_english(app, book, page, notebook, text)
    return notebook


def _add_english(app: Sphinx, book: Book, page: Page, notebook: nbformat.NotebookNode, text: str) -> None:
    """What the page shows beside its translation, where the English text is another by now."""
    try:
        said = shown(book, page.language, page.docname)
    except BookError as error:
        raise PageError(error.findings) from None
    record = state_path(page.path)
    if record.is_file():
        app.env.note_dependency(str(record))
    app.env.temp_data["bookbuild_shown"] = said
    source = english_source(said.marks)
    if source:
        notebook.cells.append(nbformat.v4.new_markdown_cell(source))
        notebook.metadata["source_map"].append(text.count("\n") + 2)


def page_of(book: Book, language: str, docname: str) -> Page:
    """The page that stands for ``docname`` in a language, its placeholders filled.  Raises PageError."""
    try:
        english = load_page(book, book.source, docname)
        own = page_language(book, language, docname)
        page = english if own == book.source else load_page(book, own, docname)
        findings = check(page, None if page is english else english)
    except BookError as error:
        raise PageError(error.findings) from None
    if any(f.severity == "error" for f in findings):
        raise PageError(findings)
    return page if page is english else filled(page, english)


def read_store(app: Sphinx, book: Book, page: Page) -> dict[str, Stored]:
    """The stored outputs of a page by framework; the files become what the page depends on."""
    english = load_page(book, book.source, page.docname)
    stored = {}
    for framework in page.frameworks if page.groups else ():
        try:
            stored[framework] = one = _stored(app, book, english, framework)
        except BookError as error:
            raise PageError(error.findings) from None
        if one.record is not None:
            for path in sorted(store.path(book, page.docname, framework, one.record.device).iterdir()):
                app.env.note_dependency(str(path))
    return stored


def _stored(app: Sphinx, book: Book, english: Page, framework: str) -> Stored:
    record, freshness = store.shown(book, english, framework)
    return Stored(record, freshness, ran_on(app, book, english, framework, record) if record else "")


def ran_on(app: Sphinx, book: Book, page: Page, framework: str, record: store.Record) -> str:
    """On what a record was made: device, by name where the page is about devices, framework, Python, date."""
    own = book.framework(framework)
    installed = {name.replace("_", "-"): version for name, version in record.versions.items()}
    packages = (own.module, own.key, f"{own.key}-cpu")
    version = next((installed[x].partition("+")[0] for x in packages if x in installed), "")
    device = strings(app.config.bookbuild_language).get(record.device, record.device)
    if page.front_matter.devices and record.machine:
        device += f" ({record.machine})"
    return " · ".join([device, f"{own.title} {version}".strip(), f"Python {record.python}", record.date])


def _fill(app: Sphinx, book: Book, page: Page, notebook: nbformat.NotebookNode) -> None:
    stored = read_store(app, book, page)
    borrowed = _borrowed(book, page)
    cells: list[nbformat.NotebookNode] = []
    lines: list[int] = []
    for cell, line in zip(notebook.cells, notebook.metadata["source_map"], strict=True):
        expanded = [cell] if cell.cell_type != "code" else list(_expand(book, page, borrowed, cell, stored))
        cells += expanded
        lines += [line] * len(expanded)
    notebook.cells, notebook.metadata["source_map"] = cells, lines


def _expand(
    book: Book,
    page: Page,
    borrowed: set[Unavailable],
    cell: nbformat.NotebookNode,
    stored: dict[str, Stored],
) -> Iterator[nbformat.NotebookNode]:
    """One cell of the text to one cell for each of its frameworks.

    ``borrowed`` are the reasons that a translated page does not give in its own words.
    """
    group = next(g for g in page.groups if g.name == cell.metadata["name"])
    tagged = [t for t in cell.metadata.get("tags") or [] if t in page.frameworks]
    for framework in page.frameworks:
        member = group.member(framework)
        if isinstance(member, Unavailable) and member in borrowed:
            yield _unavailable(member)
        elif isinstance(member, Cell) and (not tagged or framework in tagged):
            yield _cell(book, page, member, group.alt, framework, stored[framework])


def _borrowed(book: Book, page: Page) -> set[Unavailable]:
    if page.language == book.source:
        return set()
    english, own = (load_page(book, x, page.docname) for x in (book.source, page.language))
    given = {(m.name, m.framework) for g in own.groups for m in g.members if isinstance(m, Unavailable)}
    return {
        m
        for g in english.groups
        for m in g.members
        if isinstance(m, Unavailable) and (m.name, m.framework) not in given
    }


def _unavailable(member: Unavailable) -> nbformat.NotebookNode:
    text = (
        f"``````{{unavailable}} {member.framework}\n:name: {member.name}\n:class: language-en\n\n"
        f"{member.reason}\n``````"
    )
    return nbformat.v4.new_markdown_cell(text)


def _cell(
    book: Book, page: Page, member: Cell, alt: str | None, framework: str, stored: Stored
) -> nbformat.NotebookNode:
    say = speaker(read_terms(book, PLOTS), page.language)
    outputs = labelled(shown_outputs(member, stored.outputs(member.name) or ()), say)
    state = stored.state(member.name)
    if state == "missing":
        outputs = []
    images = [o for o in outputs if any(m.startswith("image/") for m in o.get("data", {}))]
    if images and not alt:
        LOGGER.warning(
            "the picture that cell %r draws has no alternative text",
            member.name,
            location=f"{page.path}:{_line(page, member)}",
        )
    metadata = {
        "name": member.name,
        "framework": framework,
        "state": state,
        "ran_on": stored.facts,
        "hide": [HIDE[t] for t in member.tags if t in HIDE],
        "tags": [t for t in member.tags if t == "remove-output"],
        "mystnb": {"image": {"alt": alt or "", "classes": "output-image"}},
    }
    return nbformat.v4.new_code_cell(member.source, metadata=nbformat.from_dict(metadata), outputs=outputs)


def _line(page: Page, member: Cell) -> int:
    group = page.group(member.name)
    return group.line if group else member.line


def outputs_folder(app: Sphinx) -> Path:
    """Where MyST-NB keeps the pictures of outputs: with the doctrees, not in the published site."""
    return Path(app.doctreedir) / "outputs"
