"""What several test files need: the whole book, built once from a copy of the working tree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bookbuild.bench import copy_tree
from bookbuild.config import Book, load_book

ROOT = Path(__file__).parent.parent


def build_again(book: Book) -> subprocess.CompletedProcess[str]:
    """``make STRICT=1`` in the copy, without make."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")}
    return subprocess.run(
        [sys.executable, "-m", "bookbuild", "build"],
        cwd=book.root,
        env=environment | {"BOOK_STRICT": "1", "PYTHONPATH": str(book.root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def built_book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The real book with everything that `make` delivers."""
    root = tmp_path_factory.mktemp("whole") / "book"
    copy_tree(ROOT, root)
    book = load_book(root)
    result = build_again(book)
    assert result.returncode == 0, result.stdout + result.stderr
    return book


COUNTS = pytest.StashKey[list[str]]()


@pytest.fixture
def counts(request: pytest.FixtureRequest):
    """Say a figure at the end of the run: ``counts("640 edits, 0 false-fresh")``."""
    return request.config.stash.setdefault(COUNTS, []).append


def pytest_terminal_summary(terminalreporter, config) -> None:
    for line in config.stash.get(COUNTS, []):
        terminalreporter.write_line(line)
