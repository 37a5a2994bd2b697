"""From the resolved doctree to Markdown that Jupyter shows, with marks for cells and frameworks."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from docutils.nodes import Element
from sphinx.locale import admonitionlabels
from sphinx_markdown_builder.contexts import IndentContext, SubContext, SubContextParams, TitleContext
from sphinx_markdown_builder.translator import MarkdownTranslator, pushing_context

from bookbuild.render.nodes import group_panes
from bookbuild.render.notebooks.contexts import Emphasis, Link, PipeTable, code_span
from bookbuild.render.notebooks.marks import END, OPEN, cell_mark, only_for
from bookbuild.render.notebooks.numbers import equation_number, number_of, section_number

SOLUTION = "solution_node"
EXERCISE = {"exercise_enumerable_node": "exercise"}
NOT_IN_A_NOTEBOOK = ("output-note", "ran-on")
"""what a page says about outputs: a notebook says it in its metadata"""


class NotebookTranslator(MarkdownTranslator):
    """One for each page; its builder gives addresses and pictures."""

    # cells and frameworks

    def _mark(self, mark: str) -> None:
        self.add(mark, prefix_eol=1, suffix_eol=1)

    def visit_framework_group(self, node: Element) -> None:
        panes = list(group_panes(node))
        others = [key for key in self.builder.frameworks if key not in node["frameworks"]]
        for pane in panes:
            self._mark(only_for([pane["framework"], *(others if pane is panes[0] else [])]))
            if pane is panes[0] and others:
                self._mark(only_for(others))
                self.add(f"**{pane['title']}**", prefix_eol=2, suffix_eol=2)
                self._mark(END)
            for child in pane.children:
                if (
                    not set(NOT_IN_A_NOTEBOOK) & set(child.get("classes", []))
                    or pane["state"] == "unavailable"
                ):
                    child.walkabout(self)
            self.ensure_eol(2)
            self._mark(END)
        raise nodes.SkipNode

    def visit_container(self, node: Element) -> None:
        if node.get("nb_element") == "cell_code":
            self._mark(cell_mark(node["cell_metadata"]["name"], _inside(node, SOLUTION)))
            raise nodes.SkipNode

    def visit_folded(self, node: Element) -> None:
        pass

    def visit_english_now(self, node: Element) -> None:
        raise nodes.SkipNode

    def visit_folded_summary(self, node: Element) -> None:
        raise nodes.SkipNode

    # boxes

    def _box(self, title: str, content: list[nodes.Node]) -> None:
        inner = type(self)(self.document, self.builder)
        for child in content:
            child.walkabout(inner)
        lines = [f"**{title}**" if title else "", "", *inner.astext().strip().split("\n")]
        quoted = [line if OPEN in line else f"> {line}".rstrip() for line in lines]
        self.add("\n".join(quoted), prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    def visit_admonition(self, node: Element) -> None:
        title, content = "", list(node.children)
        if content and isinstance(content[0], nodes.title):
            title = self._inline(content.pop(0))
        kind = EXERCISE.get(type(node).__name__) or node.get("countertype")
        if kind:
            title = f"{number_of(self.builder.env, self.builder.current_docname, kind, node)} {title}"
        self._box(title.strip(), content)

    visit_exercise_node = visit_exercise_enumerable_node = visit_solution_node = visit_admonition

    def _labelled_box(self, node: Element) -> None:
        self._box(str(admonitionlabels[node.tagname]), list(node.children))

    visit_note = visit_warning = visit_tip = visit_important = visit_hint = _labelled_box
    visit_caution = visit_danger = visit_attention = visit_error = visit_seealso = _labelled_box

    def _inline(self, node: Element) -> str:
        inner = type(self)(self.document, self.builder)
        for child in node.children:
            child.walkabout(inner)
        return " ".join(inner.astext().split())

    # numbers

    @pushing_context
    def visit_title(self, node: Element) -> None:
        if isinstance(node.parent, nodes.table):
            number = number_of(self.builder.env, self.builder.current_docname, "table", node.parent)
            self.add(f"**{number}** {self._inline(node)}".strip(), prefix_eol=2, suffix_eol=2)
            raise nodes.SkipNode
        super().visit_title(node)
        if isinstance(node.parent, nodes.section):
            self.add(section_number(self.builder.env, self.builder.current_docname, node.parent))

    @pushing_context
    def visit_rubric(self, node: Element) -> None:
        """A heading without a number, one level below the section that it stands in."""
        self._push_context(TitleContext(self.status.section_level + 1))

    def visit_caption(self, node: Element) -> None:
        kind = self.builder.env.domains["std"].get_enumerable_node_type(node.parent)
        number = number_of(self.builder.env, self.builder.current_docname, kind, node.parent) if kind else ""
        self.add(f"**{number}** {self._inline(node)}".strip(), prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    def visit_legend(self, node: Element) -> None:
        self.ensure_eol(2)

    def visit_math_block(self, node: Element) -> None:
        formula = node.astext().strip()
        number = equation_number(self.builder.env, self.builder.current_docname, node)
        tag = rf" \tag{{{number}}}" if number else ""
        if node.get("nowrap"):
            self.add(formula, prefix_eol=2, suffix_eol=2)
        else:
            if r"\\" in formula and r"\begin" not in formula:
                formula = f"\\begin{{split}}\n{formula}\n\\end{{split}}"
            self.add(f"$$\n{formula}{tag}\n$$", prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    # text

    def visit_Text(self, node: nodes.Text) -> None:
        before = len(self.ctx.content)
        super().visit_Text(node)
        if self.status.escape_text:
            written = "".join(self.ctx.content[before:])
            self.ctx.content[before:] = [re.sub(r"<(?=[A-Za-z/!?])", "&lt;", written.replace("$", r"\$"))]

    def visit_literal(self, node: Element) -> None:
        self.add(code_span(node.astext()))
        raise nodes.SkipNode

    @pushing_context
    def visit_emphasis(self, node: Element) -> None:
        self._push_context(Emphasis("*", "em", *_around(node)))

    @pushing_context
    def visit_strong(self, node: Element) -> None:
        self._push_context(Emphasis("**", "strong", *_around(node)))

    @pushing_context
    def visit_reference(self, node: Element) -> None:
        self._push_context(Link(self.builder.address(node)))

    def visit_image(self, node: Element) -> None:
        source = self.builder.picture(node)
        alt = escape(node.get("alt", ""), quote=True).replace("\n", " ")
        inline = isinstance(node.parent, nodes.TextElement)
        self.add(f'<img src="{source}" alt="{alt}"/>', *((0, 0) if inline else (2, 2)))
        raise nodes.SkipNode

    def visit_raw(self, node: Element) -> None:
        raise nodes.SkipNode

    visit_target = visit_substitution_definition = visit_comment = visit_toctree = visit_raw

    # lists and tables

    def visit_enumerated_list(self, node: Element) -> None:
        self._start_list(node.get("start", 1) - 1)

    def visit_definition_list(self, node: Element) -> None:
        self._start_list("*")

    def depart_definition_list(self, node: Element) -> None:
        self._end_list()

    def visit_definition_list_item(self, node: Element) -> None:
        self._start_list_item()

    def depart_definition_list_item(self, node: Element) -> None:
        self._end_list_item()

    @pushing_context
    def visit_term(self, node: Element) -> None:
        self._push_context(Emphasis("**", "strong", params=SubContextParams(1, 2)))

    @pushing_context
    def visit_definition(self, node: Element) -> None:
        self._push_context(SubContext(SubContextParams(2, 2)))

    @pushing_context
    def visit_table(self, node: Element) -> None:
        self._push_context(PipeTable(params=SubContextParams(2, 2)))

    @pushing_context
    def visit_citation(self, node: Element) -> None:
        self._push_context(IndentContext("* ", only_first=True, params=SubContextParams(1, 1)))

    def visit_label(self, node: Element) -> None:
        if isinstance(node.parent, nodes.citation):
            raise nodes.SkipNode
        super().visit_label(node)


def _inside(node: Any, kind: str) -> bool:
    while node is not None:
        if type(node).__name__ == kind:
            return True
        node = node.parent
    return False


def _around(node: Element) -> tuple[str, str]:
    """The text before and after a node, as far as the paragraph goes."""
    index = node.parent.index(node)
    before, after = node.parent.children[:index], node.parent.children[index + 1 :]
    return "".join(n.astext() for n in before), "".join(n.astext() for n in after)
