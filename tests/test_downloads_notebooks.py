"""The small book's notebooks as readers download them."""

from __future__ import annotations

import base64
import json
import re

import nbformat
import pytest
from rendering import copy_book, put_all_outputs, put_outputs, text

from bookbuild.config import Book, load_book
from bookbuild.files import digest
from bookbuild.render import notebooks

FRAMEWORKS = ("pytorch", "tensorflow", "mxnet", "jax")
SITE = "https://book.example/small"

pytestmark = pytest.mark.sphinx


def with_site(book: Book, site: str) -> Book:
    config = book.root / "_config.yml"
    config.write_text(
        config.read_text("utf-8").replace('bookbuild_site: ""', f"bookbuild_site: {site}"), "utf-8"
    )
    return load_book(book.root)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Without a site; English in all frameworks, Portuguese in two."""
    small = copy_book(tmp_path_factory.mktemp("plain"))
    put_all_outputs(small)
    notebooks.build(small, "en", FRAMEWORKS)
    notebooks.build(small, "pt", ("jax", "mxnet"))
    return small


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Book:
    small = with_site(copy_book(tmp_path_factory.mktemp("online")), SITE)
    put_outputs(
        small,
        "tensors",
        "jax",
        {"make-tensor": [text("new")], "use-total": [text("old")]},
        stale=("use-total",),
    )
    notebooks.build(small, "en", ("jax",))
    return small


def load(book: Book, language: str, framework: str, page: str) -> nbformat.NotebookNode:
    path = book.root / "_build" / "notebooks" / language / framework / f"{page}.ipynb"
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def prose(notebook: nbformat.NotebookNode) -> str:
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def cell(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("name") == name)


def test_every_page_has_a_notebook_in_every_framework_asked_for(book):
    for page in book.pages:
        for framework in FRAMEWORKS:
            notebook = load(book, "en", framework, page)
            nbformat.validate(notebook)
            assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
            assert notebook.metadata.kernelspec.name == "python3"
    assert not (book.root / "_build" / "notebooks" / "pt" / "pytorch").exists()


def test_notebooks_say_where_they_and_their_outputs_come_from(book):
    origin = load(book, "pt", "jax", "tensors").metadata.bookbuild
    assert (origin.page, origin.framework, origin.language) == ("tensors", "jax", "pt-BR")
    assert origin.outputs.date == "2026-01-31"
    assert origin.outputs.profile == "jax.cpu"


def test_the_cells_are_those_of_the_framework_in_order(book):
    for framework, call in (("pytorch", "torch.arange(4"), ("jax", "jnp.arange(4"), ("mxnet", "np.arange(4")):
        notebook = load(book, "en", framework, "tensors")
        named = [c for c in notebook.cells if c.metadata.get("name")]
        assert [c.id for c in named] == [f"{c.metadata.name}-{framework}" for c in named]
        assert call in cell(notebook, "make-tensor").source
    assert "PyTorch" not in prose(load(book, "en", "jax", "tensors"))


def test_stored_outputs_are_in_and_removed_ones_are_not(book):
    notebook = load(book, "en", "jax", "tensors")
    assert cell(notebook, "make-tensor").outputs[0].data["text/plain"] == "jax([0., 1., 2., 3.])"
    assert "image/svg+xml" in cell(notebook, "draw").outputs[0].data
    assert cell(notebook, "past-the-end").outputs[0].ename == "IndexError"
    assert cell(notebook, "noise").outputs == []


def test_an_output_that_is_older_than_its_code_stays_out(online):
    notebook = load(online, "en", "jax", "tensors")
    assert cell(notebook, "make-tensor").outputs[0].data["text/plain"] == "new"
    assert cell(notebook, "use-total").outputs == []


def test_what_a_page_folds_is_folded(book):
    notebook = load(book, "en", "jax", "tensors")
    assert cell(notebook, "past-the-end").metadata.jupyter.outputs_hidden is True
    assert cell(notebook, "count-rows").metadata.jupyter.source_hidden is True
    assert "raises-exception" in cell(notebook, "past-the-end").metadata.tags


def test_a_step_that_a_framework_cannot_do_says_why(book):
    page = book.page_path("en", "tensors").read_text("utf-8")
    unavailable = re.findall(r"\{unavailable\} (\w+)\n:name: ([\w-]+)", page)
    assert unavailable
    for framework, name in unavailable:
        notebook = load(book, "en", framework, "tensors")
        assert name not in {c.metadata.get("name") for c in notebook.cells}
        assert "cannot do this step" in prose(notebook)


def test_numbers_are_those_of_the_site(book):
    written = prose(load(book, "en", "jax", "tensors"))
    assert "# 1. Tensors" in written
    assert r"\tag{1.1}" in written
    assert "**Exercise 1.1" in written
    assert "Solution to Exercise 1.1" in written
    assert "Section 1 is the longer one" in prose(load(book, "en", "jax", "index"))


def test_numbers_are_named_in_the_language(book):
    written = prose(load(book, "pt", "jax", "tensors"))
    assert "**Exercício 1.1" in written
    assert "Um tensor guarda números" in written


def test_an_exercise_and_its_solution_keep_their_cells_between_their_words(book):
    cells = load(book, "en", "jax", "tensors").cells
    index = next(i for i, c in enumerate(cells) if c.metadata.get("name") == "count-rows")
    assert cells[index - 1].source.lstrip().splitlines()[-1].startswith("> **Solution")
    assert cells[index + 1].source.startswith("> ")


def test_works_cited_are_written_out_at_the_end(book):
    index = prose(load(book, "en", "jax", "index"))
    assert "## References" in index
    assert "Array programming with NumPy" in index.rpartition("## References")[2]
    assert "Array programming" not in prose(load(book, "en", "jax", "tensors"))
    assert prose(load(book, "en", "jax", "references")).count("Array programming") == 1


def test_without_a_site_no_link_leads_into_the_book(book):
    for path in (book.root / "_build" / "notebooks").rglob("*.ipynb"):
        for target in re.findall(r"\]\(([^)]*)\)", prose(nbformat.read(path, as_version=4))):
            assert target.startswith(("http://", "https://", "mailto:")), (path, target)


def test_with_a_site_references_lead_to_it(online):
    links = re.findall(r"\]\(([^)]*)\)", prose(load(online, "en", "jax", "index")))
    assert f"{SITE}/en/tensors.html#sec-tensors" in links
    assert not [x for x in links if not x.startswith(("http://", "https://"))]


def test_with_a_site_the_first_cell_installs_this_builds_wheel(online):
    first = load(online, "en", "jax", "tensors").cells[0]
    assert first.source.splitlines()[-1] == f"%pip install -q {SITE}/notebooks/d2l-0.1.0-py3-none-any.whl"


def test_a_page_that_does_without_the_package_installs_nothing(book, online):
    for small in (book, online):
        sources = [c.source for c in load(small, "en", "jax", "index").cells if c.cell_type == "code"]
        assert not [s for s in sources if "%" in s.split("\n")[0] or "_library" in s]


def test_without_a_site_the_notebook_brings_what_it_uses(book):
    cells = [c for c in load(book, "pt", "jax", "tensors").cells if c.id.startswith("library")]
    files = [c.source.splitlines()[0] for c in cells if c.source.startswith("%%writefile")]
    assert files == [f"%%writefile {{_library}}/d2l/{name}.py" for name in ("__init__", "_core", "jax")]
    assert "small.csv" in cells[-1].source
    assert all(c.metadata.jupyter.source_hidden for c in cells[1:])


def test_a_page_in_english_says_so_in_the_language(book):
    notebook = load(book, "pt", "jax", "references")
    assert notebook.metadata.bookbuild.language == "en"
    assert notebook.metadata.bookbuild.edition == "pt-BR"
    assert "Esta página ainda não foi traduzida" in prose(notebook)


def test_the_same_book_gives_the_same_bytes_and_leaves_the_files_alone(book):
    folder = book.root / "_build" / "notebooks" / "pt"
    before = {p: (digest(p.read_bytes()), p.stat().st_mtime_ns) for p in folder.rglob("*.ipynb")}
    notebooks.build(book, "pt", ("jax", "mxnet"))
    assert {p: (digest(p.read_bytes()), p.stat().st_mtime_ns) for p in folder.rglob("*.ipynb")} == before


def test_figures_travel_inside(tmp_path):
    small = copy_book(tmp_path)
    page = small.page_path("en", "index")
    start = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    drawing = f'{start}<script>x()</script><path d="M 1 1"/></svg>'
    (page.parent / "drawn.svg").write_text(drawing)
    options = ':alt: Two "points"\n:name: fig-drawn'
    more = f"\n```{{figure}} drawn.svg\n{options}\n\nA line | of $x$.\n```\n\n{{numref}}`fig-drawn`\n"
    page.write_text(page.read_text("utf-8") + more, "utf-8")
    notebooks.build(small, "en", ("jax",))
    written = prose(load(small, "en", "jax", "index"))
    assert '<img src="data:image/svg+xml;base64,' in written
    assert 'alt="Two &quot;points&quot;"' in written
    assert "A line | of $x$." in written
    data = re.search(r"base64,([^\"]+)", written)
    assert "script" not in base64.b64decode(data[1]).decode()


def test_titles_stand_apart_from_numbers_and_nameless_headings_below_them(tmp_path):
    small = copy_book(tmp_path)
    page = small.page_path("en", "tensors")
    more = "\n## More\n\n```{rubric} Aside\n```\n\n"
    more += "```{exercise} Two *things*\n:label: ex-two\nDo them.\n```\n"
    page.write_text(page.read_text("utf-8") + more, "utf-8")
    notebooks.build(small, "en", ("jax",))
    written = prose(load(small, "en", "jax", "tensors"))
    assert "> **Exercise 1.2 (Two *things*)**" in written
    assert "### Aside" in written


def test_a_notebook_without_a_page_is_removed(book):
    folder = book.root / "_build" / "notebooks" / "pt"
    for framework in ("jax", "pytorch"):
        (folder / framework).mkdir(exist_ok=True)
        (folder / framework / "gone.ipynb").write_text("{}")
    notebooks.build(book, "pt", ("jax",))
    assert not (folder / "jax" / "gone.ipynb").exists()
    assert (folder / "pytorch" / "gone.ipynb").exists()
    (folder / "pytorch" / "gone.ipynb").unlink()
    (folder / "pytorch").rmdir()


def test_files_are_json_that_git_can_compare(book):
    for path in (book.root / "_build" / "notebooks" / "en").rglob("*.ipynb"):
        raw = path.read_text("utf-8")
        assert raw.endswith("}\n")
        assert json.loads(raw)["cells"]
