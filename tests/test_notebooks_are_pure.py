"""A page and a framework make one notebook, always the same."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from notebook_books import CLONE, FIXTURE

from bookbuild.config import load_book
from bookbuild.notebooks import notebook, notebook_text
from bookbuild.pages import Page, load_page, parse

FRAMEWORKS = ("pytorch", "tensorflow", "mxnet", "jax")


@pytest.fixture(scope="module")
def page() -> Page:
    return load_page(load_book(FIXTURE), "en", "tensors")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_notebook_is_valid_nbformat_4_5(page: Page, framework: str) -> None:
    made = nbformat.reads(notebook_text(page, framework), as_version=nbformat.NO_CONVERT)
    nbformat.validate(made)
    assert (made.nbformat, made.nbformat_minor) == (4, 5)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_same_page_gives_the_same_bytes_in_another_process(page: Page, framework: str) -> None:
    program = (
        "from notebook_books import FIXTURE; from bookbuild.config import load_book\n"
        "from bookbuild.pages import load_page; from bookbuild.notebooks import notebook_text\n"
        f"print(notebook_text(load_page(load_book(FIXTURE), 'en', 'tensors'), {framework!r}), end='')"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": f"{CLONE}:{CLONE / 'tests'}", "PYTHONHASHSEED": "7"},
    )
    assert run.stdout == notebook_text(page, framework)


def test_cell_ids_name_group_and_framework(page: Page) -> None:
    ids = [c.id for c in notebook(page, "jax").cells if c.cell_type == "code"]
    assert ids[:3] == ["imports-jax", "helpers-jax", "make-tensor-jax"]


def test_rewording_and_moving_prose_changes_no_cell_id(page: Page) -> None:
    moved = page.text.replace(
        "## Making one\n\nThe first four whole numbers", "Quite another sentence.\n\n## New"
    )
    again = parse(moved, page.path, "en", "tensors", FRAMEWORKS)
    code = [[c.id for c in notebook(p, "mxnet").cells if c.cell_type == "code"] for p in (page, again)]
    assert code[0] == code[1]


def test_prose_between_cells_is_kept_as_it_is_written(page: Page) -> None:
    texts = [c.source for c in notebook(page, "pytorch").cells if c.cell_type == "markdown"]
    assert texts[0].startswith("(sec-tensors)=\n# Tensors")
    assert any("{tab-item} PyTorch" in t for t in texts)
    assert texts[-1] == "The header does not count.\n\n```{solution-end}\n```"


def test_a_step_that_a_framework_cannot_do_says_why_in_its_notebook(page: Page) -> None:
    cells = {c.id: c for c in notebook(page, "tensorflow").cells}
    assert "in-place-tensorflow" not in cells
    assert "cannot be changed" in cells["unavailable_in-place"].source


def test_metadata_tells_page_framework_name_tags_and_line(page: Page) -> None:
    made = notebook(page, "jax")
    cell = next(c for c in made.cells if c.id == "past-the-end-jax")
    assert made.metadata.bookbuild == {"page": "tensors", "framework": "jax"}
    assert cell.metadata.name == "past-the-end"
    assert cell.metadata.tags == ["hide-output", "raises-exception"]
    assert page.text.split("\n")[cell.metadata.bookbuild.line - 1] == "def pick(values, index):"


def test_a_page_without_cells_is_one_piece_of_prose() -> None:
    page = parse("# Title\n\nWords.\n", FIXTURE / "p.md", "en", "p", FRAMEWORKS)
    assert [c.source for c in notebook(page, "jax").cells] == ["# Title\n\nWords."]


def test_making_notebooks_and_keys_needs_neither_sphinx_nor_dask_nor_a_kernel_client() -> None:
    program = (
        "import sys, bookbuild.notebooks, bookbuild.store\n"
        "heavy = {'sphinx', 'dask', 'distributed', 'nbclient', 'jupyter_client'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(CLONE)},
    )
    assert run.returncode == 0, run.stderr


def test_ids_of_prose_and_of_code_never_meet(page: Page) -> None:
    first = page.groups[0]
    awkward = replace(page, groups=(first, *(replace(g, name=f"after-{g.name}") for g in page.groups[1:])))
    ids = [c.id for c in notebook(awkward, "pytorch").cells]
    assert len(ids) == len(set(ids))
