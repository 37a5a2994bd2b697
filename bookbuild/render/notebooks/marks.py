"""Marks in the Markdown of a page: which part is for which framework, and where a cell stands.

The page is translated once.  A mark stands on a line of its own, inside quotes and lists too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OPEN, CLOSE = "\x02", "\x03"
LINE = re.compile(rf"^[ >]*{OPEN}(?P<mark>[^{CLOSE}]*){CLOSE}[ ]*\n?", re.M)
EMPTY_QUOTE = re.compile(r"\A(?:[ ]*>?[ ]*\n)+|(?:\n[ ]*>?[ ]*)+\Z")
BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class CellMark:
    """A cell of a group, in its place."""

    name: str
    in_solution: bool


def cell_mark(name: str, in_solution: bool) -> str:
    return f"{OPEN}cell {name} {'solution' if in_solution else 'text'}{CLOSE}"


def only_for(frameworks: Iterator[str] | list[str]) -> str:
    """What follows, up to ``END``, is for these frameworks."""
    return f"{OPEN}only {' '.join(frameworks)}{CLOSE}"


END = f"{OPEN}end{CLOSE}"


def parts(text: str, framework: str) -> Iterator[str | CellMark]:
    """The page of one framework: Markdown and cells in turn."""
    shown: list[bool] = []
    prose: list[str] = []
    position = 0
    for found in LINE.finditer(text):
        if all(shown):
            prose.append(text[position : found.start()])
        position = found.end()
        kind, *words = found["mark"].split(" ")
        if kind == "only":
            shown.append(framework in words)
        elif kind == "end":
            shown.pop()
        elif all(shown):
            yield from _markdown(prose)
            prose = []
            yield CellMark(words[0], words[1] == "solution")
    prose.append(text[position:])
    yield from _markdown(prose)


def _markdown(prose: list[str]) -> Iterator[str]:
    text = BLANK_LINES.sub("\n\n", "".join(prose)).strip("\n")
    # a quote that a cell interrupts leaves its empty lines at the edges
    text = EMPTY_QUOTE.sub("", f"\n{text}\n").strip("\n") if text else ""
    if text.strip():
        yield text
