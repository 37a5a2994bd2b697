"""The benchmark works on a copy that holds what git would track, and leaves the book as it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bookbuild.bench import command, copy_tree, repeated

FIXTURE = Path(__file__).parent / "fixtures" / "book"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    root = tmp_path / "book"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("_build", "outputs"))
    shutil.copytree(Path(__file__).parent.parent / "bookbuild", root / "bookbuild")
    (root / ".gitignore").write_text("_build/\n__pycache__/\n")
    (root / ".venv").mkdir()
    (root / "_build").mkdir()
    (root / "_build" / "old").write_text("built before")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def test_the_copy_holds_sources_and_nothing_built(book: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    copy_tree(book, copy)
    assert (copy / "chapters/en/tensors.md").read_bytes() == (book / "chapters/en/tensors.md").read_bytes()
    assert not (copy / "_build").exists() and (copy / ".venv").resolve() == book / ".venv"


def test_a_command_is_timed_with_its_memory(book: Path):
    run = command(book, "lib")
    assert run.seconds > 0 and run.peak_mib > 5
    assert repeated(book, lambda: None, "lib") > 0


def test_a_command_that_fails_is_no_measurement(book: Path):
    (book / "_toc.yml").write_text("root: [")
    with pytest.raises(SystemExit, match="lib failed"):
        command(book, "lib")
