"""What changes in the tree of the whole book on its way to LaTeX."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.latex.nodes import thebibliography
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node

EXERCISES = (exercise_node, exercise_enumerable_node, solution_node)
PLACE = "bibliography_place"


class open_block(nodes.Admonition, nodes.Element):
    """An exercise or a solution.  Code in it breaks over pages, which it cannot in Sphinx's framed boxes.

    Attribute ``target``: LaTeX's label.  The first child is its title.
    """


class PreferDrawings(SphinxPostTransform):
    """An output that has a drawing is shown as one, not as text.

    MyST-NB's own list for LaTeX omits SVG; it selects with priority 4.
    """

    default_priority = 3
    formats = ("latex",)

    def run(self, **kwargs: Any) -> None:
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") == "mime_bundle":
                drawing = next((x for x in bundle.children if x.get("mime_type") == "image/svg+xml"), None)
                if drawing is not None:
                    bundle.replace_self(drawing.children)


class KeepBibliographyPlace(SphinxPostTransform):
    """Sphinx moves the bibliography to the book's end (priority 750), away from its page and title."""

    default_priority = 749
    formats = ("latex",)

    def run(self, **kwargs: Any) -> None:
        first = next(self.document.findall(nodes.citation), None)
        if first is not None:
            first.parent[PLACE] = True


class MoveBibliographyBack(SphinxPostTransform):
    default_priority = 751
    formats = ("latex",)

    def run(self, **kwargs: Any) -> None:
        bibliography = next(self.document.findall(thebibliography), None)
        place = next((x for x in self.document.findall(nodes.Element) if x.get(PLACE)), None)
        if bibliography is not None and place is not None:
            bibliography.parent.remove(bibliography)
            place.append(bibliography)


def say_once(document: nodes.document) -> None:
    """On what outputs were made is said at a page's first output, and again only where it changes."""
    for page in document.findall(addnodes.start_of_file):
        said = ""
        for note in list(page.findall(nodes.paragraph)):
            if "ran-on" in note["classes"]:
                if note.astext() == said:
                    note.parent.remove(note)
                said = note.astext()


def open_exercises(document: nodes.document) -> None:
    """Exercises and solutions stand between a heading and a rule.  Labels are those that references use."""
    for page in document.findall(addnodes.start_of_file):
        for node in list(page.findall(lambda n: isinstance(n, EXERCISES))):
            inside = next(_pages_around(node))["docname"]
            prefix = inside if isinstance(node, solution_node) else "exercise"
            node.replace_self(open_block("", *node.children, target=f"{prefix}:{node['label']}"))


def _pages_around(node: nodes.Node) -> Iterator[nodes.Element]:
    while node is not None:
        if isinstance(node, addnodes.start_of_file):
            yield node
        node = node.parent
