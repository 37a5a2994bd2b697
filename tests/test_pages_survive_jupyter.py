"""Opening a page in JupyterLab and saving it unchanged changes no byte; MyST-NB sees it as a notebook."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest
from jupytext.config import load_jupytext_config
from myst_nb.core.read import is_myst_markdown_notebook

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "chapters").rglob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT / "chapters").as_posix())
def test_a_page_survives_jupytext_byte_for_byte(path):
    text = path.read_text(encoding="utf-8")
    config = load_jupytext_config(str(path))
    assert config is not None
    notebook = jupytext.read(path, config=config)
    written_as = notebook.metadata["jupytext"]["text_representation"]["format_name"]
    assert (
        jupytext.writes(notebook, fmt={"extension": ".md", "format_name": written_as}, config=config) == text
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT / "chapters").as_posix())
def test_a_page_with_cells_is_a_myst_notebook(path):
    text = path.read_text(encoding="utf-8")
    if "```{code-cell}" in text:
        assert is_myst_markdown_notebook(text)
        notebook = jupytext.read(path, config=load_jupytext_config(str(path)))
        assert notebook.metadata["jupytext"]["text_representation"]["format_name"] == "myst"
