"""Run cells of a page, and what a test adds to them, in a framework's environment: results as arrays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy
import pytest

from bookbuild.config import load_book
from bookbuild.environments import interpreter, ready
from bookbuild.pages import load_page

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import sys
sys.path.insert(0, {root!r})
{cells}
{measure}
numpy.savez(sys.argv[1], **results)
"""


def run_cells(
    folder: Path, docname: str, names: tuple[str, ...], measures: dict[str, str]
) -> dict[str, dict[str, numpy.ndarray]]:
    """By framework, what its program leaves in ``results``, a dictionary of arrays.

    Args:
        folder: where programs and results are written.
        docname: the English page.
        names: its cells to run first, in this order; a cell that a framework does not have is left out.
        measures: by framework, the program that follows them; it binds ``results``.
    """
    missing = [key for key in measures if not ready(ROOT, key)]
    if missing:
        pytest.skip(f"no environment for {', '.join(missing)}")
    page = load_page(load_book(ROOT), "en", docname)
    found = {}
    for framework, measure in measures.items():
        cells = {cell.name: cell.source for cell in page.cells(framework)}
        source = "\n".join(cells[name] for name in names if name in cells)
        program = folder / f"cells_{framework}.py"
        program.write_text(PROGRAM.format(root=str(ROOT), cells=source, measure=measure))
        result = folder / f"{framework}.npz"
        done = subprocess.run(
            [interpreter(ROOT, framework), program, result], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        with numpy.load(result) as arrays:
            found[framework] = dict(arrays)
    return found
