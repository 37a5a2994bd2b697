"""The readers' helper package as a wheel, made from this clone, the same bytes every time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.files import digest, write_atomically
from bookbuild.render.notebooks.library import wheel_name

EPOCH = "1577836800"
"""the date inside the wheel: 1 January 2020, since ZIP knows nothing before 1980"""
TIMEOUT = 300
SOURCES = ("pyproject.toml", "LICENSE-SAMPLECODE", "d2l", "data")


def wheel(book: Book, outdir: Path) -> Path:
    """Build the wheel into ``outdir``; the one that stands there is kept while its sources are the same."""
    target = outdir / wheel_name(book.version)
    stamp = outdir / ".wheel-sources"
    sources = _digest(book.root)
    if target.is_file() and stamp.is_file() and stamp.read_text("utf-8") == sources:
        return target
    with tempfile.TemporaryDirectory() as folder:
        made = _build(book, Path(folder))
        for old in outdir.glob("d2l-*.whl"):
            old.unlink()
        write_atomically(target, made.read_bytes())
    write_atomically(stamp, sources)
    return target


def _build(book: Book, folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--disable-pip-version-check",
        "--quiet",
        "--wheel-dir",
        str(folder),
    ]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(
            command,
            cwd=book.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BookError.at(
            "pyproject.toml", 0, f"the wheel was not built in {TIMEOUT} s", "run it again"
        ) from None
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise BookError.at(
            "pyproject.toml",
            0,
            f"the wheel cannot be built ({said[-1].strip() if said else '?'})",
            "run `python -m pip wheel . --no-deps --no-build-isolation` to see why",
        )
    if found[0].name != wheel_name(book.version):
        raise BookError.at(
            "pyproject.toml",
            0,
            f"builds {found[0].name}, not {wheel_name(book.version)}",
            "keep the version in d2l/__init__.py alone",
        )
    return found[0]


def _digest(root: Path) -> str:
    files = [path for name in SOURCES for path in _files(root / name)]
    return digest(
        "\n".join(f"{path.relative_to(root).as_posix()} {digest(path.read_bytes())}" for path in files)
    )


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
