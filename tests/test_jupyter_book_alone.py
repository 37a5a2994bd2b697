"""Who knows Jupyter Book can build the book with its own command, from what requirements.txt installs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bookbuild import locks

ROOT = Path(__file__).resolve().parent.parent


def test_requirements_are_those_of_the_build_environment() -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == ["-r environments/build.txt"]
    assert any(
        e.startswith("jupyter-book==") for e in locks.entries((ROOT / "environments/build.txt").read_text())
    )


@pytest.mark.sphinx
def test_jupyter_book_renders_a_language_with_the_stored_outputs(tmp_path: Path) -> None:
    (command,) = [
        line[2:].strip()
        for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
        if "jupyter-book build" in line
    ]
    program = Path(sys.executable).with_name("jupyter-book")
    words = [str(program), *command.split()[1:], "--path-output", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    page = (tmp_path / "_build" / "html" / "builders-guide" / "model-construction.html").read_text("utf-8")
    assert 'data-framework="jax"' in page
    assert 'role="tabpanel"' in page
