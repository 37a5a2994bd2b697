"""Stored outputs count as fresh only while everything that they depend on is as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from notebook_books import CLONE, copy_book

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.pages import load_page
from bookbuild.store import CellRecord, Record

FRAMEWORKS = ("pytorch", "tensorflow", "mxnet", "jax")


def put(book: Book, docname: str, framework: str, python: str = "3.11") -> Record:
    """A record as a run would have left it, without outputs."""
    page = load_page(book, "en", docname)
    profile = store.profile(book, framework, "cpu", python)
    keys = store.keys(book, page, framework, profile)
    parts = {name: value for key in keys for name, value in key.parts.items()}
    error = {"output_type": "error", "ename": "IndexError", "evalue": "", "traceback": ["IndexError: "]}
    outputs = {"past-the-end": (error,)}
    cells = tuple(CellRecord(k.name, k.key, outputs.get(k.name, ()), 0.1) for k in keys)
    record = Record(
        docname, framework, "cpu", "m", profile.name, python, {}, "2026-01-31", 1, 1, parts, cells
    )
    store.write(book, record)
    return record


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = copy_book(tmp_path)
    for docname in ("index", "tensors"):
        for framework in FRAMEWORKS:
            put(book, docname, framework)
    return book


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def english(book: Book, docname: str = "tensors") -> Path:
    return book.page_path("en", docname)


def state(book: Book, framework: str = "jax", docname: str = "tensors") -> store.Freshness:
    return store.freshness(book, load_page(book, "en", docname), framework)


def test_a_book_as_it_was_executed_has_no_findings(book: Book) -> None:
    assert list(store.findings(book)) == []
    assert list(store.stale(book, book.pages, FRAMEWORKS)) == []


def test_prose_comments_and_alternative_texts_make_nothing_stale(book: Book) -> None:
    edit(english(book), "A tensor holds numbers", "Some tensors hold numbers")
    edit(english(book), "A straight line that rises", "A line that rises")
    edit(
        english(book), "d2l.show_line([0, 3, 6, 9])", "d2l.show_line([0, 3,  # threes\n               6, 9])"
    )
    assert list(store.findings(book)) == []


def test_an_edited_cell_makes_itself_and_those_after_it_stale_in_its_framework(book: Book) -> None:
    edit(english(book), "jnp.arange(4,", "jnp.arange(5,")
    found = state(book)
    assert not found.fresh
    assert next(iter(found.stale_cells)) == "make-tensor"
    assert "use-total" in found.stale_cells and "imports" not in found.stale_cells
    assert found.stale_cells["draw"] == "cell make-tensor changed"
    assert state(book, "pytorch").fresh


def test_editing_a_transitive_helper_makes_the_page_stale_and_says_why(book: Book) -> None:
    edit(book.root / "d2l" / "_core.py", "WIDTH = 3.5", "WIDTH = 4.5")
    assert state(book).stale_cells["draw"] == (
        "`d2l._core.WIDTH` changed; reached through d2l._core.show_line"
    )
    assert state(book, docname="index").fresh


def test_a_changed_lock_makes_its_framework_stale(book: Book) -> None:
    locks = book.root / "environments"
    copied = shutil.copytree(locks.resolve(), book.root / "copied")
    locks.unlink()
    Path(copied).rename(locks)
    edit(locks / "jax.cpu.txt", "jax==", "jax==9.")
    assert state(book).stale_cells["imports"] == "lock jax.cpu changed"
    assert state(book, "mxnet").fresh
    (locks / "mxnet.cpu.txt").unlink()
    assert not state(book, "mxnet").fresh


def test_changed_data_makes_the_page_stale(book: Book) -> None:
    (book.root / "data" / "small.csv").write_text("x,y\n9,9\n")
    assert state(book).stale_cells["imports"] == "data small.csv changed"
    assert state(book, docname="index").fresh


def test_data_that_is_not_there_is_named(book: Book) -> None:
    (book.root / "data" / "small.csv").unlink()
    with pytest.raises(BookError, match=r"^chapters/en/tensors.md:1: front matter lists data 'small.csv'"):
        state(book)


def test_a_record_is_judged_by_the_python_that_it_declares(book: Book) -> None:
    put(book, "tensors", "jax", python="3.13")
    assert state(book).fresh


def test_a_new_cell_has_never_been_executed(book: Book) -> None:
    text = english(book, "index").read_text()
    english(book, "index").write_text(text + "\n```{code-cell}\n:name: more\n\n1 + 1\n```\n")
    assert state(book, docname="index").stale_cells == {"more": "it has never been executed"}


def test_a_deleted_cell_is_left_over_and_makes_its_notebook_run_again(book: Book) -> None:
    text = english(book).read_text()
    start = text.index("```{code-cell}\n:name: count-rows")
    english(book).write_text(text[:start] + text[text.index("```", start + 3) + 4 :])
    found = state(book)
    assert found.fresh and found.orphans == ("count-rows",)
    assert ("tensors", "jax") in list(store.stale(book, book.pages, FRAMEWORKS))
    assert any("hold cells that it no longer has: count-rows" in str(f) for f in store.findings(book))


def test_a_record_edited_by_hand_is_stale(book: Book) -> None:
    record = store.read(book, "index", "jax")
    assert record
    store.write(book, replace(record, cells=tuple(replace(c, key="0" * 64) for c in record.cells)))
    assert state(book, docname="index").stale_cells == {
        "powers": "its record was changed by hand, or it rests on less than it did"
    }


def test_findings_name_what_is_stale_missing_left_over_and_damaged_with_the_command(book: Book) -> None:
    edit(english(book), "jnp.arange(4,", "jnp.arange(5,")
    shutil.rmtree(store.path(book, "index", "jax"))
    shutil.copytree(store.path(book, "index", "mxnet"), book.root / "outputs" / "gone" / "mxnet.cpu")
    (store.path(book, "index", "pytorch") / "record.json").write_text("{")
    found = [str(f) for f in store.findings(book)]
    line = english(book).read_text().split("jnp.arange")[0].count("\n") - 3
    run = "run `make execute PAGES={} FRAMEWORKS={}`"
    assert found == [
        "outputs/index/pytorch.cpu/record.json:1: is not valid JSON (Expecting property name enclosed in "
        "double quotes); restore it with git, or " + run.format("index", "pytorch"),
        "chapters/en/index.md: has no outputs for jax; " + run.format("index", "jax"),
        f"chapters/en/tensors.md:{line}: the jax output of 'make-tensor' and of 7 cells after it is stale: "
        "cell make-tensor changed; " + run.format("tensors", "jax"),
        "outputs/gone/mxnet.cpu: belongs to no page and framework of the book; "
        "git rm -r outputs/gone/mxnet.cpu",
    ]


def test_an_image_without_alternative_text_is_a_finding_and_so_is_a_second_one(book: Book) -> None:
    record = store.read(book, "tensors", "jax")
    assert record
    image = {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": "<svg/>"}}
    outputs = {"draw": (image, image), "noise": (image,), "use-total": (image,)}
    cells = tuple(replace(c, outputs=outputs.get(c.name, c.outputs)) for c in record.cells)
    store.write(book, replace(record, cells=cells))
    problems = [f.problem for f in store.findings(book)]
    assert problems == ["cell 'use-total' draws an image without alternative text",
                        "cell 'draw' draws 2 images in jax"]  # fmt: skip


def test_an_image_that_is_too_large_is_a_finding_and_so_are_many_large_ones(book: Book) -> None:
    record = store.read(book, "tensors", "jax")
    assert record

    def draw(name: str, kib: int) -> list[str]:
        image = {"image/svg+xml": f"<svg>{'x' * (kib << 10)}</svg>"}
        output = {"output_type": "display_data", "metadata": {}, "data": image}
        cells = tuple(replace(c, outputs=(output,)) if c.name == name else c for c in record.cells)
        store.write(book, replace(record, cells=cells))
        return [f.problem for f in store.findings(book) if "KiB" in f.problem]

    assert draw("draw", 149) == []
    assert draw("draw", 151) == ["the image of cell 'draw' in jax has 151 KiB, 150 are allowed"]
    assert draw("draw", 1100)[1] == "its jax images have 1100 KiB together, 1000 are allowed"


def test_an_error_that_did_not_come_is_a_finding(book: Book) -> None:
    record = store.read(book, "tensors", "jax")
    assert record
    store.write(book, replace(record, cells=tuple(replace(c, outputs=()) for c in record.cells)))
    assert [f.problem for f in store.findings(book)] == [
        "cell 'past-the-end' is tagged `raises-exception` and raises none in jax"
    ]


def test_why_says_cell_by_cell_what_holds(book: Book) -> None:
    edit(english(book), "jnp.arange(4,", "jnp.arange(5,")
    page = load_page(book, "en", "tensors")
    lines = list(store.why(book, page, "jax"))
    assert lines[0] == "imports: fresh"
    assert "make-tensor: stale: cell make-tensor changed" in lines
    assert list(store.why(book, page, "jax", "draw")) == ["draw: stale: cell make-tensor changed"]
    fresh, *rests = store.why(book, page, "jax", "imports")
    assert fresh == "imports: fresh"
    assert {"  as recorded: cell imports", "  as recorded: lock jax.cpu", "  as recorded: device cpu"} <= {
        *rests
    }
    shutil.rmtree(book.root / "outputs")
    assert list(store.why(book, page, "jax")) == [
        "tensors, jax: there is no record; run `make execute PAGES=tensors FRAMEWORKS=jax`"
    ]


def test_judging_a_book_starts_no_framework_and_needs_no_environment(book: Book) -> None:
    assert not (book.root / ".venv").exists()
    assert state(book).fresh


def test_the_command_why_says_it_and_refuses_unknown_names(book: Book) -> None:
    def why(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bookbuild", "why", *words]
        environment = {**os.environ, "PYTHONPATH": str(CLONE)}
        return subprocess.run(
            command, cwd=book.root, env=environment, capture_output=True, text=True, check=False
        )

    edit(english(book), "jnp.arange(4,", "jnp.arange(5,")
    done = why("tensors", "jax", "draw")
    assert (done.returncode, done.stdout) == (0, "draw: stale: cell make-tensor changed\n")
    for words, says in (
        (("tensor", "jax"), "PAGE=tensor: 'tensor' is unknown; did you mean 'tensors'?"),
        (("tensors", "torch"), "FRAMEWORK=torch: 'torch' is unknown"),
        (("tensors", "jax", "drawn"), "CELL=drawn: 'drawn' is unknown; did you mean 'draw'?"),
        (("tensors index", "jax"), "PAGE=tensors index: 'tensors index' is unknown"),
    ):
        done = why(*words)
        assert done.returncode == 1 and done.stderr.startswith(says) and done.stderr.count("\n") == 1


OTHER_PYTHONS = ("3.12", "3.13")


def _python(version: str) -> str | None:
    """An interpreter of this version: where pyenv keeps its own (its shims may lead nowhere), or on PATH."""
    kept = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python{version}"))
    return str(kept[-1]) if kept else shutil.which(f"python{version}")


JUDGE = """
import sys
from pathlib import Path
from bookbuild import store
from bookbuild.config import load_book
from bookbuild.pages import load_page
book = load_book(Path(sys.argv[1]))
for docname in book.pages:
    page = load_page(book, "en", docname)
    for framework in page.frameworks:
        for key in store.keys(book, page, framework, store.profile(book, framework, "cpu", "3.11")):
            print(docname, framework, key.name, key.key)
for finding in store.findings(book):
    print(finding)
"""


@pytest.mark.parametrize("version", OTHER_PYTHONS)
def test_every_python_gives_the_real_book_the_same_keys(version: str) -> None:
    """From sources and locks alone: neither frameworks nor compiled packages are there."""
    python = _python(version)
    if python is None:
        pytest.skip(f"no python{version} here")
    here, there = (_judged(interpreter) for interpreter in (sys.executable, python))
    assert here == there
    assert here.count("\n") > 100


def test_a_machine_with_a_gpu_gives_the_real_book_the_same_keys(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU 0: T (UUID: GPU-1)'\n")
    program.chmod(0o755)
    assert _judged(sys.executable) == _judged(sys.executable, PATH=str(tmp_path), CUDA_VISIBLE_DEVICES="0")


def _judged(python: str, **variables: str) -> str:
    packages = [p for p in sys.path if p.endswith("site-packages")]
    environment = {"PYTHONPATH": os.pathsep.join([str(CLONE), *packages]), "HOME": os.environ["HOME"]}
    environment |= variables
    done = subprocess.run(
        [python, "-c", JUDGE, str(CLONE)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
