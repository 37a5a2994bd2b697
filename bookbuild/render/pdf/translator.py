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
INDEX_KEY = re.compile(r"(?<=\\index\{)[^@{}]*(?=@)|(?<=!)[^@!{}]*(?=@)")
LANDMARK = "%% page "


class BookLaTeXTranslator(LaTeXTranslator):
    """Marks places for error messages, sets the language of fallback pages, and orders the index."""

    def visit_start_of_file(self, node: Element) -> None:
        super().visit_start_of_file(node)
        builder = self.builder
        docname = node["docname"]
        foreign = page_language(builder.book, builder.book_language.key, docname) != builder.book_language.key
        foreign = foreign and self.babel.get_language() != "english"
        self.context.append(r"\end{otherlanguage*}" if foreign else "")
        if foreign:
            self.body.append("\n\\begin{otherlanguage*}{english}\n")

    def depart_start_of_file(self, node: Element) -> None:
        self.body.append("\n" + self.context.pop() + "\n")
        super().depart_start_of_file(node)

    def visit_title(self, node: Element) -> None:
        """The opening page has no number: its title and the titles in it are set as a preface's."""
        if len(self.curfilestack) > 1 or not isinstance(node.parent, nodes.section):
            super().visit_title(node)
            return
        command = "chapter" if self.this_is_the_title else self.sectionnames[self.sectionlevel]
        mark = r"\markboth{%s}{}" % self.escape(node.astext()) if self.this_is_the_title else ""
        self.this_is_the_title = 0
        listed = r"\addcontentsline{toc}{%s}{%s}" % (command, self.escape(node.astext()))
        self.body.append(rf"\{command}*{{")
        self.context.append("}" + mark + listed + "\n" + self.hypertarget_to(node.parent))
        self.in_title = 1

    def dispatch_visit(self, node: Node) -> None:
        if isinstance(node.parent, nodes.section) and node.line and isinstance(node, nodes.Element):
            self.body.append(f"\n{LANDMARK}{self.curfilestack[-1]}:{node.line}\n")
        super().dispatch_visit(node)

    def encode(self, text: str) -> str:
        return SIGNS.sub(lambda sign: rf"\booksign{{{sign.group()}}}", super().encode(text))

    def visit_index(self, node: Element) -> None:
        start = len(self.body)
        try:
            super().visit_index(node)
        finally:
            self.body[start:] = [INDEX_KEY.sub(lambda key: index_key(key.group()), part)
                                 for part in self.body[start:]]
