"""The document's own nodes: framework groups, their panes, and folded parts.

Builders that show one framework call ``keep_framework`` and then meet none of the group nodes;
the others get the panes one after the other, each under its framework's title.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


class framework_group(nodes.General, nodes.Element):
    """One step in several frameworks.

    Attributes: ``name`` (the cell group's name, or nothing for prose), ``frameworks`` (keys, in the book's
    order), ``label`` (for assistive technology).  Children: ``framework_pane``, each with an id of its own.
    """


class framework_pane(nodes.General, nodes.Element):
    """One framework's part.

    Attributes: ``framework`` (key), ``title``, ``state`` (fresh, stale, missing, unavailable or prose).
    """


class folded(nodes.General, nodes.Element):
    """A part that is shown when the reader asks for it.  The first child may be a ``folded_summary``."""


class folded_summary(nodes.Part, nodes.TextElement):
    """What the reader sees of a folded part."""


def keep_framework(document: nodes.document, key: str) -> None:
    """Replace each group by the content of one framework's pane.

    A group that does not have the framework (its page is for others) keeps its first pane, under its title.
    """
    for group in list(document.findall(framework_group)):
        panes = list(group_panes(group))
        pane = next((p for p in panes if p["framework"] == key), None)
        kept = pane.children if pane is not None else titled(panes[0]) if panes else []
        group.parent.replace(group, kept)


def group_panes(group: nodes.Element) -> Iterator[framework_pane]:
    return (child for child in group.children if isinstance(child, framework_pane))


def titled(pane: framework_pane) -> list[nodes.Node]:
    title = nodes.paragraph("", "", nodes.strong("", pane["title"]), classes=["framework-title"])
    return [title, *pane.children]


# HTML


def visit_group(self: Any, node: framework_group) -> None:
    self.body.append(
        self.starttag(
            node, "div", CLASS="framework-group", **{"data-frameworks": " ".join(node["frameworks"])}
        )
    )
    self.body.append(
        self.starttag({}, "div", CLASS="framework-tabs", role="tablist", **{"aria-label": node["label"]})
    )
    for index, pane in enumerate(group_panes(node)):
        panel = pane["ids"][0]
        self.body.append(
            self.starttag(
                {},
                "button",
                "",
                CLASS="framework-tab",
                type="button",
                role="tab",
                ids=[f"{panel}-tab"],
                tabindex="-1" if index else "0",
                **{
                    "aria-selected": "false" if index else "true",
                    "aria-controls": panel,
                    "data-framework": pane["framework"],
                },
            )
        )
        self.body.append(f"{self.encode(pane['title'])}</button>\n")
    self.body.append("</div>\n")


def depart_group(self: Any, node: framework_group) -> None:
    self.body.append("</div>\n")


def visit_pane(self: Any, node: framework_pane) -> None:
    self.body.append(
        self.starttag(
            node,
            "div",
            CLASS=f"framework-pane {node['state']}",
            role="tabpanel",
            tabindex="0",
            **{"aria-labelledby": f"{node['ids'][0]}-tab", "data-framework": node["framework"]},
        )
    )
    self.body.append(f'<p class="framework-title">{self.encode(node["title"])}</p>\n')


def depart_pane(self: Any, node: framework_pane) -> None:
    self.body.append("</div>\n")


def visit_folded(self: Any, node: folded) -> None:
    self.body.append(self.starttag(node, "details", CLASS="folded"))


def depart_folded(self: Any, node: folded) -> None:
    self.body.append("</details>\n")


def visit_summary(self: Any, node: folded_summary) -> None:
    self.body.append(self.starttag(node, "summary", ""))


def depart_summary(self: Any, node: folded_summary) -> None:
    self.body.append("</summary>\n")


# other builders: everything, unfolded, each pane under its title


def _pass(self: Any, node: nodes.Element) -> None:
    pass


def _skip(self: Any, node: nodes.Element) -> None:
    raise nodes.SkipNode


def setup_nodes(app: Sphinx) -> None:
    plain = dict.fromkeys(("latex", "text", "man", "texinfo"), (_pass, _pass))
    silent = dict.fromkeys(plain, (_skip, None))
    app.add_node(framework_group, html=(visit_group, depart_group), **plain)
    app.add_node(framework_pane, html=(visit_pane, depart_pane), **plain)
    app.add_node(folded, html=(visit_folded, depart_folded), **plain)
    app.add_node(folded_summary, html=(visit_summary, depart_summary), **silent)
