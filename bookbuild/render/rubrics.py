"""Headings outside the numbering: a ``{rubric}`` with ``:heading-level:`` is one for screen readers too."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class RubricLevels(SphinxTransform):
    """MyST-Parser's HTML reads ``level``; Sphinx's directive writes ``heading-level``: set both."""

    default_priority = 36

    def apply(self, **kwargs: Any) -> None:
        for rubric in self.document.findall(nodes.rubric):
            if "heading-level" in rubric:
                rubric["level"] = rubric["heading-level"]


def setup_rubrics(app: Sphinx) -> None:
    app.add_transform(RubricLevels)
