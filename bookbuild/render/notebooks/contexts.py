"""Pieces of Markdown that sphinx-markdown-builder writes in a way that notebooks do not show well."""

from __future__ import annotations

import re

from sphinx_markdown_builder.contexts import SubContext, SubContextParams, TableContext

MATH = re.compile(r"(?<!\\)\$(?:[^$\\]|\\.)+\$")
EDGES = re.compile(r"(\s*)(\S.*?\S|\S)(\s*)", re.S)


class Emphasis(SubContext):
    """``*`` where CommonMark takes it as emphasis, else the HTML element.

    A mark between punctuation inside and a letter outside is none: the usual place in Chinese, which writes
    no blanks.
    """

    def __init__(
        self,
        mark: str,
        element: str,
        before: str = " ",
        after: str = " ",
        params: SubContextParams | None = None,
    ) -> None:
        super().__init__(params or SubContextParams())
        self.mark, self.element = mark, element
        self.open = not before[-1:].isalnum()
        self.closed = not after[:1].isalnum()

    def make(self) -> str:
        found = EDGES.fullmatch(super().make())
        if found is None:
            return super().make()
        before, text, after = found.groups()
        if (text[0].isalnum() or self.open) and (text[-1].isalnum() or self.closed):
            return f"{before}{self.mark}{text}{self.mark}{after}"
        return f"{before}<{self.element}>{text}</{self.element}>{after}"


class Link(SubContext):
    """A link, or only its text where the target has no address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def make(self) -> str:
        text = super().make()
        return f"[{text}]({self.address})" if self.address and text.strip() else text


class PipeTable(TableContext):
    """A table whose cells may hold the column mark: escaped in text, a command in formulas."""

    @staticmethod
    def make_row(row: list[list[str]]) -> list[str]:
        return [_entry("".join(entries)) for entries in row]


def _entry(text: str) -> str:
    pieces, position = [], 0
    for formula in MATH.finditer(text):
        pieces += [_escaped(text[position : formula.start()]), formula.group().replace("|", r"\vert ")]
        position = formula.end()
    return "".join([*pieces, _escaped(text[position:])]).strip().replace("\n\n", "<br/>").replace("\n", " ")


def _escaped(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def code_span(text: str) -> str:
    """``text`` as a code span, with a fence longer than any in it."""
    text = " ".join(text.split("\n"))
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
