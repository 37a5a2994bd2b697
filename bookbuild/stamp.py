"""Whether anything changed since the last build: one look at the files, no parser, no Sphinx."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from bookbuild.files import digest, write_atomically

SOURCES = (
    "_config.yml",
    "_toc.yml",
    "pyproject.toml",
    "LICENSE-SAMPLECODE",
    "chapters",
    "bookbuild",
    "figures",
    "data",
    "environments",
)
"""what people write"""
PRODUCED = ("d2l", "outputs")
"""what a build itself brings up to date before it renders"""
STAMPS = Path("_build") / "stamps.json"
MANIFEST = Path("_build") / "manifest.json"
"""another request's build writes its own: then this one's has to be written again"""


def inputs(root: Path, names: tuple[str, ...]) -> str:
    """A digest over name, size and time of every file below ``names``."""
    return digest("\n".join(f"{p}\t{size}\t{time}" for p, size, time in sorted(_walk(root, names))))


def unchanged(root: Path, request: str) -> bool:
    """True when this request was built from these inputs and everything that it wrote still stands."""
    stamp = _read(root).get(request)
    if not stamp:
        return False
    same = stamp["sources"] == inputs(root, SOURCES) and stamp["produced"] == inputs(root, PRODUCED)
    stands = all((root / "_build" / f).is_file() for f in stamp["files"])
    return same and stands and stamp["manifest"] == _manifest(root)


def remember(root: Path, request: str, sources: str, produced: str, files: list[str]) -> None:
    """Record a complete build.

    ``sources`` is taken before it began and ``produced`` before it rendered, so no edit is lost.
    """
    stamp = {"sources": sources, "produced": produced, "files": files, "manifest": _manifest(root)}
    stamps = {**_read(root), request: stamp}
    write_atomically(root / STAMPS, json.dumps(stamps, indent=1) + "\n")


def forget(root: Path, request: str) -> None:
    stamps = _read(root)
    if stamps.pop(request, None):
        write_atomically(root / STAMPS, json.dumps(stamps, indent=1) + "\n")


def _manifest(root: Path) -> str:
    path = root / MANIFEST
    return digest(path.read_bytes()) if path.is_file() else ""


def _read(root: Path) -> dict:
    try:
        return json.loads((root / STAMPS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _walk(root: Path, names: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    pending = [root / name for name in names]
    while pending:
        path = pending.pop()
        if path.is_file():
            status = path.stat()
            yield path.relative_to(root).as_posix(), status.st_size, status.st_mtime_ns
        elif path.is_dir() and path.name != "__pycache__":
            pending += [Path(e.path) for e in os.scandir(path)]
