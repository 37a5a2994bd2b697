"""What a person gets wrong is told in one line with its place, exit code 1, and nothing is lost."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FIXTURE = Path(__file__).parent / "fixtures" / "book"
PAGE = "chapters/en/tensors.md"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path / "book")
    return tmp_path / "book"


def run(book: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")}
    environment |= {f"BOOK_{k}": v for k, v in variables.items()} | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "bookbuild", command],
        cwd=book,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def apply(book: Path) -> None:
        (book / name).write_bytes(change((book / name).read_bytes()))

    return apply


def replace(old: str, new: str) -> Callable[[Path], None]:
    return edit(PAGE, lambda text: text.replace(old.encode(), new.encode(), 1))


MISTAKES = {
    "broken-front-matter": (
        replace("kernelspec:", "kernelspec: ["),
        f"{PAGE}:",
        "front matter is not valid YAML",
    ),
    "unknown-framework": (replace("[pytorch, save]", "[pytorhc, save]"), f"{PAGE}:", "unknown tag 'pytorhc'"),
    "duplicate-name": (replace(":name: make-tensor", ":name: imports"), f"{PAGE}:", "imports"),
    "invalid-utf8": (edit(PAGE, lambda t: t + b"\xff\n"), f"{PAGE}:", "not valid UTF-8"),
    "conflict-marker": (
        edit(PAGE, lambda t: t + b"\n" + b"<" * 7 + b" HEAD\n"),
        f"{PAGE}:",
        "conflict marker",
    ),
    "broken-toc": (edit("_toc.yml", lambda t: b"root: ["), "_toc.yml:", "not valid YAML"),
    "page-in-toc-is-missing": (lambda b: (b / PAGE).unlink(), PAGE, "the page is missing"),
    "bad-placeholder": (
        edit("chapters/pt/tensors.md", lambda t: t.replace(b"make-tensor", b"make-tensr")),
        "chapters/pt/tensors.md:",
        "did you mean 'make-tensor'?",
    ),
}


@pytest.mark.parametrize("command", ["html", "execute", "lint"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_file_is_named_with_its_place(book: Path, mistake: str, command: str):
    make, place, words = MISTAKES[mistake]
    make(book)
    before = {p: p.read_bytes() for p in book.rglob("*") if p.is_file()}
    result = run(book, command)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr + result.stdout
    lines = [x for x in result.stderr.splitlines() if words in x]
    assert lines and all(place in x and "; " in x for x in lines), result.stderr
    if place.endswith(":"):
        assert re.search(re.escape(place) + r"\d+: ", lines[0]), lines
    assert {p: p.read_bytes() for p in before} == before


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PAGES", "a;echo X"), ("FRAMEWORKS", "theano"), ("LANGS", "de"), ("PAGES", "tensor")],
)
@pytest.mark.parametrize("command", ["build", "html", "execute", "lint"])
def test_an_unknown_name_lists_the_known(book: Path, command: str, variable: str, value: str):
    result = run(book, command, **{variable: value})
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{variable}={value}: ") and "known: " in line


@pytest.mark.parametrize(("variable", "value"), [("DEVICE", "tpu"), ("WORKERS", "many"), ("WORKERS", "0")])
def test_a_value_out_of_range_is_one_line(book: Path, variable: str, value: str):
    result = run(book, "execute", **{variable: value})
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{variable}={value}: ")


def test_a_folder_that_cannot_be_made_is_named_by_whatever_needs_it(book: Path):
    shutil.rmtree(book / "_build", ignore_errors=True)
    (book / "_build").write_text("a file stands in the way")
    result = run(book, "html", LANGS="en")
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert all("_build" in x and x.endswith("; free space or mend the rights, then run again") for x in lines)
    assert [Path(x.partition(": ")[0]).name for x in lines] == ["html", "index.html"]
    assert (book / "_build").is_file()


def test_outside_a_book_there_is_one_line(tmp_path: Path):
    result = run(tmp_path, "lint")
    assert result.returncode == 1 and len(result.stderr.splitlines()) == 1
