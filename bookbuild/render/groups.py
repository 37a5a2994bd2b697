"""Cells and prose of several frameworks, put together into framework groups while a page is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx_design.shared import is_component

from bookbuild.render.nodes import folded, folded_summary, framework_group, framework_pane
from bookbuild.render.strings import strings


class UnavailableDirective(SphinxDirective):
    """``{unavailable} mxnet``: the pane of a framework that cannot do a step, with the reason."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"name": directives.unchanged_required, "class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        framework = self.arguments[0]
        title = _titles(self.config)[framework]
        says = strings(self.config.bookbuild_language)["unavailable"].format(framework=title)
        reason = nodes.container(classes=["unavailable-reason", *self.options.get("class", [])])
        self.state.nested_parse(self.content, self.content_offset, reason)
        note = nodes.paragraph("", says, classes=["output-note"])
        pane = framework_pane(
            "", note, reason, name=self.options["name"], framework=framework, title=title, state="unavailable"
        )
        self.set_source_info(pane)
        return [pane]


class GroupFrameworks(SphinxTransform):
    """Wrap neighbouring cells of one name, and tab-sets of frameworks, into ``framework_group``."""

    default_priority = 30  # after sphinx-exercise has merged its gates (10)

    def apply(self, **kwargs: Any) -> None:
        self.says = strings(self.config.bookbuild_language)
        self.titles = _titles(self.config)
        parents = {id(n.parent): n.parent for n in self.document.findall(nodes.Element) if _member(n)}
        for parent in parents.values():
            children = list(self._grouped(parent.children))
            parent.clear()
            parent.extend(children)
        for number, tabs in enumerate(list(self.document.findall(self._framework_tabs)), 1):
            tabs.parent.replace(tabs, self._prose(tabs, f"prose-{number}"))

    def _grouped(self, children: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
        for name, run in groupby(children, key=_member):
            if name is None:
                yield from run
            else:
                yield self._group(name, f"cell-{name}", [self._pane(member) for member in run])

    def _group(self, name: str, id: str, panes: list[framework_pane]) -> framework_group:
        order = list(self.titles)
        panes.sort(key=lambda pane: order.index(pane["framework"]))
        for pane in panes:
            pane["ids"].insert(0, f"{id}-{pane['framework']}")
        group = framework_group(
            "",
            *panes,
            name=name,
            frameworks=[p["framework"] for p in panes],
            label=self.says["framework"],
            ids=[id],
        )
        group.source, group.line = panes[0].source, panes[0].line
        return group

    def _pane(self, member: nodes.Element) -> framework_pane:
        if isinstance(member, framework_pane):
            return member
        cell = member["cell_metadata"]
        framework, state = cell["framework"], cell["state"]
        self._fold(member, cell["hide"])
        pane = framework_pane(
            "", member, name=cell["name"], framework=framework, state=state, title=self.titles[framework]
        )
        pane.source, pane.line = member.source, member.line
        shown = _output(member) is not None
        if state == "missing" or (state == "stale" and shown):
            pane += nodes.paragraph("", self.says[state], classes=["output-note"])
        if shown:
            pane += nodes.paragraph("", self.says["ran_on"].format(facts=cell["ran_on"]), classes=["ran-on"])
        return pane

    def _fold(self, cell: nodes.Element, hide: list[str]) -> None:
        for part in hide:
            child = next((c for c in cell.children if c.get("nb_element") == _PARTS[part]), None)
            if child is not None:
                summary = folded_summary("", self.says[f"show_{part}"])
                fold = folded("", summary, classes=[f"folded-{part}"])
                cell.replace(child, fold)
                fold += child

    def _framework_tabs(self, node: nodes.Node) -> bool:
        """A sphinx-design tab-set whose items are synchronised by framework keys."""
        if not is_component(node, "tab-set"):
            return False
        items = [child for child in node.children if is_component(child, "tab-item")]
        return bool(items) and all(item.children[0].get("sync_id") in self.titles for item in items)

    def _prose(self, tabs: nodes.Element, id: str) -> list[nodes.Node]:
        panes, others = [], []
        for item in tabs.children:
            if not is_component(item, "tab-item"):
                others.append(item)
                continue
            label, content = item.children
            pane = framework_pane(
                "",
                *content.children,
                framework=label["sync_id"],
                state="prose",
                title=self.titles[label["sync_id"]],
                ids=item["ids"] + label["ids"],
            )
            pane.source, pane.line = item.source, item.line
            panes.append(pane)
        group = self._group("", id, panes)
        group["ids"] += tabs["ids"]
        group["classes"].append("prose")
        return [*others, group]


_PARTS = {"code": "cell_code_source", "output": "cell_code_output"}


def _titles(config: Any) -> dict[str, str]:
    return {key: entry["title"] for key, entry in config.bookbuild_frameworks.items()}


def _member(node: nodes.Node) -> str | None:
    """The name of the group that the node belongs to, if it is a cell or a pane outside a group."""
    if isinstance(node, framework_pane):
        return None if isinstance(node.parent, framework_group) else node["name"]
    if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code":
        inside = isinstance(node.parent, framework_pane)
        return None if inside else node["cell_metadata"].get("name")
    return None


def _output(cell: nodes.Element) -> nodes.Element | None:
    return next((n for n in cell.findall(nodes.container) if n.get("nb_element") == "cell_code_output"), None)


def setup_groups(app: Sphinx) -> None:
    app.add_directive("unavailable", UnavailableDirective)
    app.add_transform(GroupFrameworks)
