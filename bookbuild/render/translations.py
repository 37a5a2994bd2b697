"""What the page says about its translation: blocks whose English text has changed, blocks still in English.

The reader gives the English texts at the end of the page, so that they are parsed like everything else; a
transform puts each beside the block it belongs to, which is found by its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from bookbuild.config import Book
from bookbuild.render.fallback import lead_to_own_terms
from bookbuild.render.nodes import framework_group, framework_pane
from bookbuild.render.strings import strings
from bookbuild.translation.blocks import Element, Landmark, TextBlock
from bookbuild.translation.book import Translation, load_translation, own_terms, page_elements

FENCE = "`" * 12
NODES: dict[str, tuple[type, ...]] = {
    "heading": (nodes.title,),
    "item": (nodes.list_item,),
    "table": (nodes.table,),
    "caption": (nodes.caption, nodes.figure),
    "alt": (nodes.figure, nodes.image),
    "title": (nodes.title, nodes.rubric),
    "reason": (framework_pane,),
    "quote": (nodes.block_quote,),
}
INSIDE = (
    nodes.document,
    nodes.section,
    nodes.list_item,
    nodes.definition,
    nodes.Admonition,
    nodes.block_quote,
)
"""nodes that may hold a paragraph"""
SLACK = 6
"""lines by which a directive's nodes may lie off their text"""


class english_now(nodes.General, nodes.Element):
    """The present English text beside a translation of an older one; shown on request, in HTML alone.

    Attribute ``summary``: what the reader clicks on.
    """


class english_text(nodes.General, nodes.Element):
    """A text of the English page, on its way to its place.  Attribute ``number``."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One block that is not fresh."""

    stale: bool
    english: tuple[TextBlock, ...]
    own: TextBlock | None
    """the block itself, or, with ``beside``, what stands before it"""
    cell: str = ""
    """the cell group that stands before it"""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says of its translation."""

    marks: tuple[Mark, ...] = ()
    unconfirmed: bool = False
    """it has blocks of which nobody knows which English text they were made from: no mark, but a notice"""


def shown(book: Book, language: str, docname: str) -> Shown:
    """What is stale or missing in a translated page; nothing in the source's and in pages not begun."""
    translation = load_translation(book, language, docname) if language != book.source else None
    if translation is None:
        return Shown()
    found = tuple(_marks(translation, page_elements(book, translation.english)))
    return Shown(found, any(p.note == "unconfirmed" for p in translation.pairs))


def _marks(translation: Translation, english: Sequence[Element]) -> Iterator[Mark]:
    pairs = {p.english: p for p in translation.pairs if p.english is not None}
    own, cell = None, ""
    entries: list[TextBlock] = []
    last_entry: TextBlock | None = None
    for element in english:
        if isinstance(element, Landmark):
            cell = element.key.removeprefix("cell:") if element.kind == "cell" else cell
            continue
        pair = pairs[element]
        if pair.state == "stale" and pair.note != "unconfirmed":
            yield Mark(True, (element,), pair.own)
        elif pair.own and pair.state == "missing":
            yield Mark(False, (element,), pair.own)
        elif element.kind == "entry" and pair.own is None:
            entries.append(element)
        elif pair.state == "missing" and element.kind not in ("reason", "alt"):  # those are filled in English
            yield Mark(False, (element,), own, cell, beside=True)
        if pair.own:
            own, cell = pair.own, ""
            last_entry = own if own.kind == "entry" else last_entry
    if entries:
        yield Mark(False, tuple(entries), last_entry or own, beside=True)


FOOTNOTE = re.compile(r"^\[\^[^\]]+\]:\s*")
LABEL = re.compile(r"^\s*(?:\([\w:.-]+\)=|:(?:label|name):.*)$\n?", re.M)
LABELLED = re.compile(r"^(\s*\$\$)[ \t]*\([^)\n]*\)[ \t]*$", re.M)


def english_source(found: Sequence[Mark]) -> str:
    """The English texts of the marks as Markdown, each in a numbered directive."""
    texts = [
        f"{FENCE}{{english-text}} {number}\n\n{_source(mark)}\n{FENCE}"
        for number, mark in enumerate(found)
        if mark.stale or mark.beside
    ]
    return "\n\n".join(texts)


def _source(mark: Mark) -> str:
    block = mark.english[0]
    if block.kind == "entry" and not mark.stale:
        return "```{glossary}\n" + "\n\n".join(b.text for b in mark.english) + "\n```"
    first, _, rest = block.text.partition("\n")
    text = f"{first}\n{dedent(rest)}".strip() if block.kind != "table" else block.text
    if block.kind == "entry":
        return f"**{first}**\n\n{dedent(rest)}"
    if block.kind == "alt":
        return re.sub(r"([^\w\s])", r"\\\1", text)
    if block.kind == "footnote":
        text = FOOTNOTE.sub("", text)
    if mark.stale:  # the translation has the labels
        text = LABELLED.sub(r"\1", LABEL.sub("", text))
    return f"**{text}**" if block.kind == "heading" else text


class EnglishText(SphinxDirective):
    """``{english-text} 3``: a text of the English page for mark 3."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        node = english_text(number=int(self.arguments[0]))
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class ShowTranslation(SphinxTransform):
    """Mark what is stale or still English, and put the English texts in their places."""

    default_priority = 34  # after framework groups (30)

    def apply(self, **kwargs: Any) -> None:
        texts = {node["number"]: node for node in self.document.findall(english_text)}
        for node in texts.values():
            node.parent.remove(node)
        said: Shown = self.env.temp_data.pop("bookbuild_shown", Shown())
        found = said.marks
        if said == Shown():
            return
        book, language = self.app.bookbuild_book, self.config.bookbuild_language
        self.says = strings(language)
        self.english = f"language-{book.language(book.source).html}"
        terms = own_terms(book, language)
        placed: dict[int, nodes.Node] = {}
        where = [self._node(mark) for mark in found]
        for number, (mark, node) in enumerate(zip(found, where, strict=True)):
            if node is not None and not mark.beside:
                node["classes"].append("translation-stale" if mark.stale else "not-translated")
                if not mark.stale:
                    node["classes"].append(self.english)
                    lead_to_own_terms(node, terms)
            if number in texts:
                lead_to_own_terms(texts[number], terms)
                placed[id(node)] = self._place(mark, node, placed.get(id(node)), texts[number].children)
        self._notice(said)

    def _place(
        self, mark: Mark, node: nodes.Node | None, after: nodes.Node | None, children: list[nodes.Node]
    ) -> nodes.Node:
        text = nodes.container("", *children, classes=["english-text", self.english])
        new: nodes.Element = text
        if mark.stale:
            new = english_now("", text, summary=self.says["english_now"])
        else:
            text["classes"].append("not-translated")
        if node is None:
            node = next(self.document.findall(nodes.title), None) or self.document
        if isinstance(node, nodes.document):
            node.insert(0, new)
        elif isinstance(node, nodes.list_item) and mark.english[0].kind == "item" and mark.beside:
            new = nodes.list_item("", text)
            _insert_after(after if isinstance(after, nodes.list_item) else node, new)
        elif isinstance(node, nodes.list_item):
            node.append(new)
        elif isinstance(node, nodes.definition_list_item) and mark.stale:
            node.children[-1].append(new)
        elif isinstance(node, framework_pane):
            node.append(new)
        else:
            block = _in_block(node)
            _insert_after(after if after is not None and after.parent is block.parent else block, new)
        return new

    def _node(self, mark: Mark) -> nodes.Element | None:
        """The block's node; for a text that stands beside it, what it follows."""
        block = mark.own
        cell = mark.cell or (block.key if block and block.kind == "alt" else "")
        if cell:
            group = (n for n in self.document.findall(framework_group) if n["name"] == cell)
            return next(group, None)
        if block is None:
            return None
        if block.kind == "entry":  # a glossary's nodes have no lines
            items = self.document.findall(nodes.definition_list_item)
            return next((n for n in items if n.children[0].astext() == block.key), None)
        kinds = NODES.get(block.kind, (nodes.paragraph,))
        nodes_here = [n for n in self.document.findall(lambda n: isinstance(n, kinds)) if n.line]
        found = min(nodes_here, key=lambda n: abs(n.line - block.line), default=None)
        if found is None or not block.line - SLACK <= found.line <= block.end_line + SLACK:
            return None
        return found

    def _notice(self, said: Shown) -> None:
        told = [self.says["unconfirmed"]] if said.unconfirmed else []
        told += [self.says["older"]] if any(m.stale for m in said.marks) else []
        told += [self.says["partly"]] if any(not m.stale for m in said.marks) else []
        title = next(self.document.findall(nodes.title), None)
        if title is not None:
            notice = nodes.note("", nodes.paragraph("", " ".join(told)), classes=["translation-notice"])
            _insert_after(title, notice)


def _in_block(node: nodes.Element) -> nodes.Element:
    """The node, or what holds it, that stands where a paragraph may stand."""
    while node.parent is not None and not isinstance(node.parent, (*INSIDE, framework_pane)):
        node = node.parent
    return node


def _insert_after(node: nodes.Node, new: nodes.Node) -> None:
    node.parent.insert(node.parent.index(node) + 1, new)


def visit_english_now(self: Any, node: english_now) -> None:
    self.body.append(self.starttag(node, "details", CLASS="english-now"))
    self.body.append(f"<summary>{self.encode(node['summary'])}</summary>\n")


def depart_english_now(self: Any, node: english_now) -> None:
    self.body.append("</details>\n")


def _skip(self: Any, node: nodes.Element) -> None:
    raise nodes.SkipNode


def setup_translations(app: Sphinx) -> None:
    silent = dict.fromkeys(("latex", "text", "man", "texinfo"), (_skip, None))
    app.add_node(english_now, html=(visit_english_now, depart_english_now), **silent)
    app.add_node(english_text)
    app.add_directive("english-text", EnglishText)
    app.add_transform(ShowTranslation)
