"""Builders that show one framework meet none of the group nodes."""

from __future__ import annotations

from docutils import nodes
from docutils.utils import new_document

from bookbuild.render.nodes import framework_group, framework_pane, keep_framework


def group(*frameworks: str) -> framework_group:
    panes = [
        framework_pane("", nodes.paragraph("", f"in {f}"), framework=f, title=f.upper(), state="fresh")
        for f in frameworks
    ]
    return framework_group("", *panes, name="step", frameworks=list(frameworks), label="", ids=["step"])


def document(*children: nodes.Node) -> nodes.document:
    made = new_document("page")
    made += [nodes.paragraph("", "before"), *children, nodes.paragraph("", "after")]
    return made


def test_only_the_kept_frameworks_content_stays_in_its_place():
    page = document(group("pytorch", "jax"), nodes.section("", group("jax", "mxnet"), ids=["part"]))
    keep_framework(page, "jax")
    assert list(page.findall(framework_group)) == list(page.findall(framework_pane)) == []
    assert [p.astext() for p in page.findall(nodes.paragraph)] == ["before", "in jax", "in jax", "after"]


def test_a_group_without_the_framework_keeps_its_first_pane_under_its_title():
    page = document(group("pytorch", "tensorflow"))
    keep_framework(page, "jax")
    assert [p.astext() for p in page.findall(nodes.paragraph)] == ["before", "PYTORCH", "in pytorch", "after"]
