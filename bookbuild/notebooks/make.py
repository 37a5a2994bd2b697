"""One notebook for each page and framework, with cell ids that survive rewording and moving."""

from __future__ import annotations

from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bookbuild.pages import Cell, Group, Page, cell_id

MINOR_VERSION = 5
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook(page: Page, framework: str) -> NotebookNode:
    """The page as one framework's notebook (nbformat 4.5), without outputs.

    Code cells carry the id ``name-framework`` and in their metadata the name of their group, the line
    of the page on which their source begins, and their tags.  The prose between them is taken as it is.
    """
    made = new_notebook(
        cells=list(_cells(page, framework)),
        metadata={
            "bookbuild": {"framework": framework, "page": page.docname},
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
        },
    )
    made.nbformat_minor = MINOR_VERSION
    nbformat.validate(made)
    return made


def notebook_text(page: Page, framework: str) -> str:
    """The notebook as the text of an ``.ipynb`` file."""
    return nbformat.writes(notebook(page, framework)) + "\n"


def _cells(page: Page, framework: str) -> Iterator[NotebookNode]:
    lines = page.text.split("\n")
    start = _first_line(lines)
    yield from _prose(lines, start, page.groups[0].line if page.groups else len(lines) + 1, "text_start")
    for index, group in enumerate(page.groups):
        yield _member(group, framework)
        following = page.groups[index + 1].line if index + 1 < len(page.groups) else len(lines) + 1
        yield from _prose(lines, group.end_line + 1, following, f"text_after_{group.name}")


def _member(group: Group, framework: str) -> NotebookNode:
    member = group.member(framework)
    if isinstance(member, Cell):
        return new_code_cell(
            member.source,
            id=cell_id(member.name, framework),
            metadata={
                "bookbuild": {"line": member.source_line},
                "name": member.name,
                "tags": sorted(member.tags),
            },
        )
    # no underscore is allowed in a group's name: these ids never meet those of code cells
    return new_markdown_cell(member.reason if member else "", id=f"unavailable_{group.name}")


def _prose(lines: list[str], first: int, end: int, identity: str) -> Iterator[NotebookNode]:
    """The lines ``first`` to ``end - 1`` of the page, if there is anything on them."""
    text = "\n".join(lines[first - 1 : end - 1]).strip("\n")
    if text.strip():
        yield new_markdown_cell(text, id=identity)


def _first_line(lines: list[str]) -> int:
    """The line after the front matter."""
    if lines and lines[0].strip() == "---":
        for number, line in enumerate(lines[1:], 2):
            if line.strip() == "---":
                return number + 1
    return 1
