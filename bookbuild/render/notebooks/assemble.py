"""A page's Markdown, its cells and its stored outputs to one notebook for each framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bookbuild import store
from bookbuild.config import Book
from bookbuild.notebooks.make import KERNEL, MINOR_VERSION
from bookbuild.pages import Cell, Page, cell_id, filled, load_page
from bookbuild.render.notebooks.library import first_cells
from bookbuild.render.notebooks.marks import CellMark, parts
from bookbuild.render.outputs import shown_outputs
from bookbuild.render.project import page_language

FOLDED = {"hide-input": "source_hidden", "hide-output": "outputs_hidden"}


@dataclass(frozen=True, slots=True)
class Text:
    """What the translator made of a page, all frameworks in it."""

    markdown: str
    references: tuple[str, ...] = ()
    """the works it cites, in Markdown"""
    references_title: str = ""


def assemble(
    book: Book, language: str, docname: str, frameworks: tuple[str, ...], text: Text
) -> Iterator[tuple[str, bytes]]:
    """The notebooks of a page, with their paths below the language's folder."""
    english = load_page(book, book.source, docname)
    own = page_language(book, language, docname)
    page = english if own == book.source else filled(load_page(book, own, docname), english)
    for framework in page.frameworks:
        if framework in frameworks:
            notebook = page_notebook(book, page, english, framework, text)
            notebook.metadata["bookbuild"]["edition"] = book.language(language).html
            nbformat.validate(notebook)
            yield f"{framework}/{docname}.ipynb", f"{nbformat.writes(notebook)}\n".encode()


def page_notebook(book: Book, page: Page, english: Page, framework: str, text: Text) -> NotebookNode:
    """One notebook; ``page`` has the English code in its placeholders."""
    record = fresh_record(book, english, framework) if page.cells(framework) else None
    cells = [
        *first_cells(book, page, english.front_matter.data, framework),
        *_cells(page, framework, text, record),
    ]
    origin: dict[str, Any] = {
        "framework": framework,
        "page": page.docname,
        "language": book.language(page.language).html,
    }
    if record is not None:
        origin["outputs"] = {
            "date": record.date,
            "device": record.device,
            "machine": record.machine,
            "profile": record.profile,
            "python": record.python,
            "versions": dict(record.versions),
        }
    notebook = new_notebook(
        cells=cells,
        metadata={
            "bookbuild": origin,
            "kernelspec": KERNEL,
            "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
        },
    )
    notebook.nbformat_minor = MINOR_VERSION
    return notebook


def fresh_record(book: Book, english: Page, framework: str) -> store.Record | None:
    """The record whose outputs the notebook may carry: stale ones stay out, cell by cell."""
    record, state = store.shown(book, english, framework)
    if record is None:
        return None
    return replace(record, cells=tuple(c for c in record.cells if c.name not in state.stale_cells))


def _cells(page: Page, framework: str, text: Text, record: store.Record | None) -> Iterator[NotebookNode]:
    identity = "text_start"
    for part in parts(_with_references(text), framework):
        if isinstance(part, str):
            yield new_markdown_cell(part, id=identity)
            continue
        group = page.group(part.name)
        member = group.member(framework) if group else None
        if isinstance(member, Cell):
            yield _code(member, framework, part, record)
            identity = f"text_after_{part.name}"


def _with_references(text: Text) -> str:
    if not text.references:
        return text.markdown
    title = f"## {text.references_title}\n\n" if text.references_title else ""
    return f"{text.markdown.rstrip()}\n\n{title}" + "".join(f"* {entry}\n" for entry in text.references)


def _code(cell: Cell, framework: str, place: CellMark, record: store.Record | None) -> NotebookNode:
    folded = {FOLDED[tag]: True for tag in cell.tags if tag in FOLDED}
    if place.in_solution:
        folded["source_hidden"] = True
    metadata: dict[str, Any] = {"name": cell.name, "tags": sorted(cell.tags)}
    if folded:
        metadata["jupyter"] = dict(sorted(folded.items()))
    stored = record.cell(cell.name) if record else None
    outputs = shown_outputs(cell, stored.outputs if stored else ())
    return new_code_cell(cell.source, id=cell_id(cell.name, framework), metadata=metadata, outputs=outputs)
