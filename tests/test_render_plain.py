"""The reflex of Jupyter Book users works: ``jupyter-book build chapters/en --config … --toc …``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from rendering import copy_book, put_all_outputs

ROOT = Path(__file__).parent.parent
COMMAND = ("build", "chapters/en", "--config", "_config.yml", "--toc", "_toc.yml", "-W")

pytestmark = pytest.mark.sphinx


def jupyter_book(root: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    program = Path(sys.executable).with_name("jupyter-book")
    return subprocess.run(
        [program, *COMMAND],
        cwd=root,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_the_small_book_has_its_groups_and_outputs(tmp_path):
    book = copy_book(tmp_path)
    put_all_outputs(book)
    done = jupyter_book(book.root)
    assert done.returncode == 0, done.stdout + done.stderr
    html = book.root / "_build" / "html"
    page = BeautifulSoup((html / "tensors.html").read_text("utf-8"), "html.parser")
    assert len(page.select("#cell-make-tensor > [role=tabpanel]")) == 4
    assert "jax([0., 1., 2., 3.])" in page.select_one("#cell-make-tensor-jax .cell_output").text
    assert page.select_one("#cell-draw-jax img")["alt"].startswith("A straight line")
    assert (html / "_static" / "book.js").is_file()
    # nothing is linked that stands outside this one language
    assert page.select(".book-menu, link[hreflang]") == []


def test_a_mistake_is_told_with_its_place(tmp_path):
    """Jupyter Book adds a traceback of its own below."""
    book = copy_book(tmp_path)
    page = book.page_path("en", "tensors")
    page.write_text(page.read_text("utf-8").replace("[pytorch, save]", "[pytroch, save]"), "utf-8")
    done = jupyter_book(book.root)
    assert done.returncode != 0
    line = page.read_text("utf-8").split("[pytroch")[0].count("\n") - 1  # the fence, two lines above the tags
    assert f"chapters/en/tensors.md:{line}: " in done.stderr.split("Traceback")[0]
    assert "unknown tag 'pytroch'" in done.stderr.split("Traceback")[0]


def test_the_book_itself_renders_without_a_warning(tmp_path):
    ignored = shutil.ignore_patterns("_build", "__pycache__")
    for name in ("chapters", "d2l", "data", "environments", "figures", "outputs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy2(ROOT / name, tmp_path)
    done = jupyter_book(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    html = tmp_path / "_build" / "html"
    page = (html / "builders-guide" / "model-construction.html").read_text("utf-8")
    assert page.count('role="tablist"') >= 12
