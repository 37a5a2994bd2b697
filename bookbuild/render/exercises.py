"""What sphinx-exercise leaves to do: clean gates, unique ids, and solutions that open on request."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node

from bookbuild.render.nodes import folded, folded_summary

EXERCISES = (exercise_node, exercise_enumerable_node, solution_node)


def clear_gates(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """A page that is read again starts with no gate open (event ``env-purge-doc``)."""
    getattr(env, "sphinx_exercise_gated_registry", {}).pop(docname, None)


class UniqueIds(SphinxTransform):
    """Every exercise's content is called ``exercise-content``: name it after its exercise."""

    default_priority = 15  # after the gates are merged (10)

    def apply(self, **kwargs: Any) -> None:
        for node in self.document.findall(lambda n: isinstance(n, EXERCISES)):
            for content in node.children:
                if isinstance(content, nodes.section):
                    content["ids"] = [f"{node['label']}-content"]


class FoldSolutions(SphinxPostTransform):
    """A solution of class ``dropdown`` becomes a folded part under its own title."""

    default_priority = 50  # after sphinx-exercise has resolved titles (20-22)
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        if self.app.builder.name == "epub":
            return
        for node in list(self.document.findall(solution_node)):
            if "dropdown" not in node["classes"]:
                continue
            title, *content = node.children
            _outdent(title)
            summary = folded_summary("", "", *title.children, classes=["admonition-title"])
            classes = ["admonition", "solution", "folded-solution"]
            node.parent.replace(node, folded("", summary, *content, ids=node["ids"], classes=classes))


def _outdent(title: nodes.Element) -> None:
    """sphinx-exercise puts the space before the exercise's name inside its link; put it before the link."""
    for link in title.findall(nodes.reference):
        first = link.children[0]
        if isinstance(first, nodes.Text) and first.startswith(" "):
            link.replace(first, nodes.Text(first.lstrip()))
            link.parent.insert(link.parent.index(link), nodes.Text(" "))


def setup_exercises(app: Sphinx) -> None:
    app.connect("env-purge-doc", clear_gates)
    app.add_transform(UniqueIds)
    app.add_post_transform(FoldSolutions)
