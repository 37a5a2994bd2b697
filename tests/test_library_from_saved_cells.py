"""``make lib`` writes the saved cells, and refuses what cannot stand in a module."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bookbuild.config import Book, load_book
from bookbuild.errors import BookError
from bookbuild.library import generate, library_findings, library_path, write_library

ROOT = Path(__file__).parent.parent


@pytest.fixture
def book(tmp_path: Path) -> Book:
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    (tmp_path / "d2l").mkdir()
    (tmp_path / "d2l" / "_core.py").write_text(
        '__all__ = ["plot", "Timer"]\ndef plot(): ...\nclass Timer: ...\n'
    )
    (tmp_path / "chapters" / "en").mkdir(parents=True)
    return load_book(tmp_path)


def save(book: Book, *sources: str, tags: str = "save") -> None:
    cells = "".join(
        f"```{{code-cell}}\n:name: c{i}\n:tags: [{tags}]\n\n{s}\n```\n\n" for i, s in enumerate(sources)
    )
    book.page_path("en", "index").write_text("# T\n\n" + cells)


def namespace(book: Book, text: str, monkeypatch: pytest.MonkeyPatch) -> dict:
    """The generated module, really executed."""
    for name in ("d2l", "d2l._core"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    (book.root / "d2l" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(book.root))
    values: dict = {}
    exec(compile(text, "generated", "exec"), values)  # noqa: S102
    return values


def test_saved_code_lands_in_every_module_and_runs(book: Book, monkeypatch: pytest.MonkeyPatch):
    save(book, "import math", "def area(r):\n    return math.pi * r * r")
    assert {p.name for p in write_library(book)} == {"torch.py", "tensorflow.py", "mxnet.py", "jax.py"}
    values = namespace(book, library_path(book, book.framework("jax")).read_text(), monkeypatch)
    assert values["area"](1) == pytest.approx(3.14159, abs=1e-4)
    assert values["__all__"] == ["Timer", "area", "plot"]


def test_a_framework_key_keeps_code_out_of_the_others(book: Book):
    save(book, "a = 1", tags="save, jax")
    assert "a = 1" in generate(book, book.framework("jax"))
    assert "a = 1" not in generate(book, book.framework("pytorch"))


def test_writing_again_changes_nothing(book: Book):
    save(book, "a = 1")
    write_library(book)
    assert write_library(book) == () and list(library_findings(book)) == []


def test_an_edited_module_is_found(book: Book):
    save(book, "a = 1")
    write_library(book)
    path = library_path(book, book.framework("jax"))
    path.write_text(path.read_text() + "b = 2\n")
    (finding,) = library_findings(book)
    assert finding.path == "d2l/jax.py" and "make lib" in finding.mend


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (["def f(): pass", "def f(): pass"], r"index.md:14: saved name 'f' is defined in .*index.md:7 too"),
        (["def plot(): pass"], "is defined in d2l._core too"),
        (["x = d2l.plot"], r"index.md:7: saved cell 'c0' says `d2l.`"),
        (["def f(x): return x", "f(net)"], r"index.md:14: saved cell 'c1' uses 'net', which is not saved"),
        (["a = 1\n%timeit a"], r"index.md:8: saved cell 'c0' is not valid Python"),
    ],
)
def test_what_cannot_stand_in_a_module_is_named_with_its_line(book: Book, sources: list[str], words: str):
    save(book, *sources)
    with pytest.raises(BookError, match=words):
        write_library(book)
    assert not (book.root / "d2l" / "torch.py").exists()
