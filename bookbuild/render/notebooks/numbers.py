"""The numbers that the web pages show, for builders that write Markdown."""

from __future__ import annotations

from docutils.nodes import Element
from sphinx.environment import BuildEnvironment


def section_number(env: BuildEnvironment, docname: str, section: Element) -> str:
    """``1.2. `` for a numbered section, else nothing."""
    numbers = env.toc_secnumbers.get(docname, {})
    anchors = [f"#{name}" for name in section["ids"]]
    found = next((numbers[a] for a in anchors if numbers.get(a)), None)
    if found is None and section.parent is not None and section.parent.tagname == "document":
        found = numbers.get("")
    return ".".join(map(str, found)) + ". " if found else ""


def number_of(env: BuildEnvironment, docname: str, kind: str, node: Element) -> str:
    """``Fig. 1.2`` in the page's language, or nothing where the thing has no number."""
    numbers = env.toc_fignumbers.get(docname, {}).get(kind, {})
    found = next((numbers[name] for name in node["ids"] if name in numbers), None)
    if not found:
        return ""
    form = env.config.numfig_format.get(kind, "%s")
    return form % ".".join(map(str, found))


def equation_number(env: BuildEnvironment, docname: str, node: Element) -> str:
    """The number of a labelled equation: within its chapter where equations are counted like figures."""
    if not node.get("label"):
        return ""
    if env.config.math_numfig and env.config.numfig:
        numbers = env.toc_fignumbers.get(docname, {}).get("displaymath", {})
        found = next((numbers[name] for name in node["ids"] if name in numbers), ())
        return ".".join(map(str, found))
    return str(node.get("number") or "")
