"""A page's text as the blocks that are translated, and the landmarks that all languages share.

A block is a heading, a paragraph, a list item, a table, a caption, a title of an exercise, an alternative
text, a reason why a framework cannot do a step, or an entry of the glossary.  It knows its exact place in the
page's text: what stands between blocks (cells, formulas, labels, fences) is the same in every language.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bookbuild.pages.parse import DIRECTIVE, LITERAL, markdown

MARKER = "translate"
"""``% translate`` above a block says that what reads as in English below it is still to be translated"""
TITLED = (
    *("admonition", "card", "csv-table", "dropdown", "exercise", "exercise-start", "grid-item-card"),
    *("list-table", "rubric", "sidebar", "tab-item", "table", "topic"),
)
"""directives whose argument is shown to readers"""
SPOKEN = ("alt", "caption")
"""options that are shown or read to readers"""
OPAQUE = (*LITERAL, "toctree", "tableofcontents", "image", "only", "eval-rst")
WHOLE = {
    "blockquote_open": "quote",
    "dl_open": "definitions",
    "field_list_open": "fields",
    "footnote_reference_open": "footnote",
    "paragraph_open": "paragraph",
    "table_open": "table",
}
NOTES = frozenset(("attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning"))
NOTES |= frozenset(("epigraph", "margin", "seealso"))
"""directives that show what stands on their first line as the beginning of their text"""
FORMULAS = ("math_block", "amsmath")
ITEM = re.compile(r"\s*(?:[-+*]|\d+[.)])(?:\s+|$)")
HASHES = re.compile(r"\s*#{1,6}(?:\s+|$)")
OPTION = re.compile(r"\s*:([\w-]+):\s*(.*?)\s*$")
ALLOW = re.compile(r"\s*allow\s+([\w-]+)\s*:\s*\S")
SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """One piece of text that a translator translates."""

    kind: str
    text: str
    """as its reader gets it: without a list's bullet, a heading's hashes, the quotes of an option's value"""
    start: int
    """its place in the page's text, with the quotes"""
    end: int
    line: int
    end_line: int
    key: str = ""
    """what names it in every language, where something does; a glossary's entry: its term"""
    level: int = 0
    """of a heading"""
    marked: bool = False
    """under ``% translate``"""
    allowed: tuple[str, ...] = ()
    """rules of the parity lint that need not hold, under ``% allow RULE: reason``"""

    @property
    def normalised(self) -> str:
        return normalise(self.text)


@dataclass(frozen=True, slots=True)
class Landmark:
    """What stands between blocks and is the same in every language: a label, a cell, a formula."""

    kind: str
    key: str
    """unique in the page, or empty"""
    line: int
    formula: str = field(default="", compare=False)
    """of a displayed formula"""


Element = TextBlock | Landmark


def normalise(text: str) -> str:
    """The text with every run of white space as one space, so that reflowing changes nothing."""
    return SPACE.sub(" ", text).strip()


def blocks(elements: Iterable[Element]) -> tuple[TextBlock, ...]:
    return tuple(e for e in elements if isinstance(e, TextBlock))


def write(text: str, new: Mapping[TextBlock, str]) -> str:
    """The page's text with these blocks' places taken by other text; with none, the same text."""
    parts: list[str] = []
    at = 0
    for block in sorted(new, key=lambda b: b.start):
        parts += text[at : block.start], new[block]
        at = block.end
    return "".join(parts) + text[at:]


@lru_cache(maxsize=1024)
def elements(text: str, frameworks: tuple[str, ...], extensions: tuple[str, ...]) -> tuple[Element, ...]:
    """Blocks and landmarks of a page's text, in order."""
    lines = text.split("\n")
    starts = list(accumulate((len(x) + 1 for x in lines), initial=0))
    walker = _Walker(text, lines, starts, frozenset(frameworks), markdown(extensions))
    walker.walk(0, len(lines))
    return tuple(walker.found)


@dataclass(slots=True)
class _Walker:
    text: str
    lines: list[str]
    starts: list[int]
    frameworks: frozenset[str]
    markdown: MarkdownIt
    found: list[Element] = field(default_factory=list)
    marked: bool = False
    allowed: tuple[str, ...] = ()

    def walk(self, first: int, end: int, paragraph: str = "paragraph", top: bool = True) -> None:
        """The Markdown in these lines; ``paragraph`` is the kind of its first paragraph."""
        tokens = self.markdown.parse("\n".join(self.lines[first:end]) + "\n")
        pending, allowed = False, ()
        outer = (False, ()) if top else (self.marked, self.allowed)
        for token in tokens:
            if token.map is None or token.nesting < 0 or token.type == "front_matter":
                continue
            start, stop = token.map[0] + first, min(token.map[1] + first, end)
            if token.type == "list_item_open" and token.level == 1:
                self.lined("item", start, stop, ITEM)
            elif token.level:
                continue
            elif token.type == "myst_line_comment":
                said = token.content.split("\n")
                pending |= any(x.strip() == MARKER for x in said)
                allowed += tuple(found[1] for found in map(ALLOW.match, said) if found)
            else:
                if not token.info.startswith("{unavailable}"):  # that belongs to the cell before it
                    self.marked, self.allowed = outer[0] or pending, outer[1] + allowed
                allowed = allowed if token.type == "myst_target" else ()
                pending &= token.type == "myst_target"  # the marker counts for what follows it
                self.piece(token, start, stop, paragraph)
                paragraph = "paragraph" if token.type == "paragraph_open" else paragraph

    def piece(self, token: Token, first: int, end: int, paragraph: str) -> None:
        found = DIRECTIVE.match(token.info.strip()) if token.type in ("fence", "colon_fence") else None
        if found:
            self.directive(found.group(1), found.group(2), token.markup, first, end)
        elif token.type == "heading_open":
            stop = end - 1 if end - first > 1 and token.markup in "=-" else end
            self.lined("heading", first, stop, HASHES, level=int(token.tag[1]))
        elif token.type in WHOLE:
            self.lined(paragraph if token.type == "paragraph_open" else WHOLE[token.type], first, end)
        elif token.type == "myst_target":
            self.landmark("label", token.content, first)
        elif token.type == "math_block_label":
            self.landmark("label", token.info, first, token.content)
        elif token.type in FORMULAS:
            self.landmark(token.type, "", first, token.content)
        elif not token.type.endswith("_list_open"):
            self.landmark(token.type, "", first)

    def landmark(self, kind: str, key: str, line: int, formula: str = "") -> None:
        self.found.append(Landmark(kind, f"{kind}:{key}" if key else "", line + 1, formula))

    def block(self, kind: str, text: str, start: int, end: int, key: str = "", level: int = 0) -> None:
        if not text.strip():
            return
        line = self.line(start)
        self.found.append(
            TextBlock(
                kind,
                text,
                start,
                end,
                line,
                self.line(max(start, end - 1)),
                key,
                level,
                self.marked,
                self.allowed,
            )
        )

    def line(self, offset: int) -> int:
        return bisect_right(self.starts, offset)

    def lined(
        self,
        kind: str,
        first: int,
        end: int,
        lead: re.Pattern[str] | None = None,
        key: str = "",
        level: int = 0,
    ) -> None:
        """A block of whole lines, without what leads its first line and without blank lines at its ends."""
        while end > first and not self.lines[end - 1].strip():
            end -= 1
        if end == first:
            return
        skip = lead.match(self.lines[first]) if lead else re.match(r"\s*", self.lines[first])
        start = self.starts[first] + (skip.end() if skip else 0)
        stop = self.starts[end - 1] + len(self.lines[end - 1].rstrip())
        if stop > start:
            self.block(kind, self.text[start:stop], start, stop, key, level)

    def directive(self, name: str, argument: str, markup: str, first: int, end: int) -> None:
        last = self.lines[end - 1].strip()
        closed = end - 1 > first and len(last) >= len(markup) and not last.strip(markup[0])
        stop = end - 1 if closed else end
        options, body = self.options(first + 1, stop)
        spoken = {key: (value, a, b) for key, value, a, b in options if key in SPOKEN}
        named = {key: value for key, value, _, _ in options}
        label = named.get("label") or named.get("name") or ""
        if name == "code-cell":
            self.landmark("cell", label, first)
        elif name == "unavailable":
            self.landmark("reason", f"{label}/{argument.strip()}", first)
            return self.lined("reason", body, stop, key=f"{label}/{argument.strip()}")
        elif name == "tab-item" and named.get("sync") in self.frameworks:
            self.found.append(Landmark(f"tab-item {named['sync']}", "", first + 1))
        else:
            formula = "\n".join(self.lines[body:stop]) if name == "math" else ""
            self.landmark("label" if label else f"{{{name}}}", label, first, formula)
        titled = name in TITLED or name.startswith("prf:")
        if name in NOTES and argument.strip():
            start = self.starts[first] + self.lines[first].rindex(argument)
            self.block("paragraph", argument, start, start + len(argument.rstrip()))
        if titled and argument and not (name == "tab-item" and named.get("sync") in self.frameworks):
            start = self.starts[first] + self.lines[first].rindex(argument)
            self.block("title", argument, start, start + len(argument.rstrip()))
        for key, (value, a, b) in spoken.items():
            self.block(key, value, a, b, label if name == "code-cell" else "")
        if name == "glossary":
            self.entries(body, stop)
        elif name not in OPAQUE:
            self.walk(body, stop, "caption" if name == "figure" else "paragraph", top=False)

    def entries(self, first: int, end: int) -> None:
        """A glossary's entries: terms at the margin, what they mean indented below them."""
        starts = [
            i
            for i in range(first, end)
            if self.lines[i].strip()
            and not self.lines[i][0].isspace()
            and (i == first or not self.lines[i - 1].strip() or self.lines[i - 1][0].isspace())
        ]
        for start, stop in pairwise([*starts, end]):
            self.lined("entry", start, stop, key=self.lines[start].strip())

    def options(self, first: int, end: int) -> tuple[list[tuple[str, str, int, int]], int]:
        """A directive's options as key, value, and the value's place; and the first line of its body."""
        body, found = first, []
        if first < end and self.lines[first].strip() == "---":
            close = (i for i in range(first + 1, end) if self.lines[i].strip() == "---")
            stop = next(close, end)
            found = list(
                _yaml_values(self.text[self.starts[first + 1] : self.starts[stop]], self.starts[first + 1])
            )
            body = min(stop + 1, end)
        else:
            while body < end and (option := OPTION.match(self.lines[body])):
                at = self.starts[body] + option.start(2)
                found.append((option.group(1), _plain(option.group(2)), at, at + len(option.group(2))))
                body += 1
        while body < end and not self.lines[body].strip():
            body += 1
        return found, body


def _yaml_values(text: str, offset: int) -> Iterator[tuple[str, str, int, int]]:
    try:
        root = yaml.compose(text)
    except yaml.YAMLError:
        return  # check says what is wrong with it
    if not isinstance(root, yaml.MappingNode):
        return
    for key, value in root.value:
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode):
            start, end = value.start_mark.index, value.end_mark.index
            end = start + len(text[start:end].rstrip())
            yield key.value, value.value, offset + start, offset + end


def _plain(value: str) -> str:
    """An option's value without the quotes of YAML."""
    if value[:1] in "\"'" and len(value) > 1 and value[-1] == value[0]:
        try:
            return str(yaml.safe_load(value))
        except yaml.YAMLError:
            return value
    return value
