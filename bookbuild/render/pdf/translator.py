"""From the doctree to LaTeX: what the book needs beyond Sphinx's own translator."""

from __future__ import annotations

import re

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.writers.latex import LaTeXTranslator

from bookbuild.render.pdf.order import index_key
from bookbuild.render.project import page_language

# Signs that a text font may lack; Latin, Greek and Chinese letters and their punctuation are not among them.
SIGNS = re.compile("[\u02b0-\u02ff\u0370-\u03ff\u2070-\u2bff\u2e80-\u2eff\ufb00-\ufb06\U0001d400-\U0001d7ff]")
MARKS = re.compile("[\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u00b7]")
THIN = "\u202f"
THIN_BEFORE_MARK = re.compile(f"{THIN}(?=[;:!?»])")
"""babel makes a tie before a French mark as narrow as the mark wants it"""
INDEX_KEY = re.compile(r"(?<=\\index\{)[^@{}]*(?=@)|(?<=!)[^@!{}]*(?=@)")
LANDMARK = "%% page "
OUTPUT_NOTES = {"ran-on", "output-note"}


class BookLaTeXTranslator(LaTeXTranslator):
    """Marks places for error messages, sets the language of fallback pages, and orders the index."""

    @property
    def in_english(self) -> bool:
        """Whether the page at hand is an English one in a book of another language."""
        builder = self.builder
        key = builder.book_language.key
        return bool(self.curfilestack) and page_language(builder.book, key, self.curfilestack[-1]) != key

    def visit_start_of_file(self, node: Element) -> None:
        """Each page is hyphenated and spaced in its own language; captions and headings stay the book's."""
        super().visit_start_of_file(node)
        own = self.babel.get_language()
        if own != "english":
            self.body.append(f"\n\\begin{{otherlanguage*}}{{{'english' if self.in_english else own}}}\n")

    def depart_start_of_file(self, node: Element) -> None:
        super().depart_start_of_file(node)
        if self.babel.get_language() != "english":
            self.body.append("\n\\end{otherlanguage*}\n")

    def visit_title(self, node: Element) -> None:
        """Pages that the table of contents does not number are set like a preface, but listed."""
        if not isinstance(node.parent, nodes.section) or self._is_numbered(self.curfilestack[-1]):
            super().visit_title(node)
            return
        first = self.this_is_the_title
        self.this_is_the_title = 0
        on_opening_page = len(self.curfilestack) == 1 and not first
        command = self.sectionnames[min(self.sectionlevel + on_opening_page, len(self.sectionnames) - 1)]
        command = "chapter" if first else command
        after = ""
        if command == "chapter":
            text = self.encode(" ".join(node.astext().split()))
            after = rf"\markboth{{{text}}}{{}}\addcontentsline{{toc}}{{chapter}}{{{text}}}"
        self.body.append(rf"\{command}*{{")
        self.context.append("}" + after + "\n" + self.hypertarget_to(node.parent, anchor=True))
        self.in_title = 1

    def _is_numbered(self, docname: str) -> bool:
        return any(self.builder.env.toc_secnumbers.get(docname, {}).values())

    def visit_paragraph(self, node: Element) -> None:
        super().visit_paragraph(node)
        self.body.append(r"\outputnote{" if OUTPUT_NOTES & set(node["classes"]) else "")

    def depart_paragraph(self, node: Element) -> None:
        self.body.append("}" if OUTPUT_NOTES & set(node["classes"]) else "")
        super().depart_paragraph(node)

    def visit_open_block(self, node: Element) -> None:
        self.body.append(f"\n\\phantomsection\\label{{{node['target']}}}\n\\begin{{bookblock}}")

    def depart_open_block(self, node: Element) -> None:
        self.body.append("\n\\end{bookblock}\n")

    def dispatch_visit(self, node: Node) -> None:
        if isinstance(node.parent, nodes.section) and node.line and isinstance(node, nodes.Element):
            self.body.append(f"\n{LANDMARK}{self.curfilestack[-1]}:{node.line}\n")
        super().dispatch_visit(node)

    def encode(self, text: str) -> str:
        encoded = SIGNS.sub(lambda sign: rf"\booksign{{{sign.group()}}}", super().encode(text))
        encoded = THIN_BEFORE_MARK.sub("~", encoded).replace(THIN, r"\,")
        if self.in_english:
            encoded = MARKS.sub(lambda mark: rf"\latinmark{{{mark.group()}}}", encoded)
        return encoded

    def visit_index(self, node: Element) -> None:
        start = len(self.body)
        try:
            super().visit_index(node)
        finally:
            self.body[start:] = [
                INDEX_KEY.sub(lambda key: index_key(key.group()), part) for part in self.body[start:]
            ]
