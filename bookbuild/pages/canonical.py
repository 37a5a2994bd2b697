"""The canonical form of a page: what JupyterLab (through jupytext) writes when it saves it."""

from __future__ import annotations

from typing import Any

import jupytext

FILTERS: dict[str, Any] = {
    "notebook_metadata_filter": "all,-jupytext",
    "cell_metadata_filter": "-trusted",
}
"""as in jupytext.toml, which JupyterLab reads"""


def canonical(text: str) -> str:
    """The page as JupyterLab would save it; canonical text comes back byte for byte."""
    if not text.startswith("---"):
        return text.rstrip("\n") + "\n"
    notebook = jupytext.reads(text, fmt="md:myst")
    notebook.metadata.setdefault("jupytext", {}).update(FILTERS)
    return jupytext.writes(notebook, fmt="md:myst").rstrip("\n") + "\n"
