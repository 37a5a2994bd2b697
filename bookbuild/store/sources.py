"""Reading what keys are calculated from: the library's modules, locks, data."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.files import digest, read_text
from bookbuild.pages import Page
from bookbuild.store.key import CellKey, CellSource, Inputs, Profile, cell_keys, normal_lock
from bookbuild.store.reach import PACKAGE
from bookbuild.store.records import Record


def keys(book: Book, page: Page, framework: str, profile: Profile) -> tuple[CellKey, ...]:
    """The keys of a page's cells in one framework, from the files as they are now."""
    return cell_keys(cell_sources(page, framework), Inputs(library(book.root), profile, data(book, page)))


def cell_sources(page: Page, framework: str) -> tuple[CellSource, ...]:
    return tuple(CellSource(c.name, c.source, "raises-exception" in c.tags) for c in page.cells(framework))


def declared_profile(book: Book, record: Record) -> Profile:
    """The profile that a record declares, with its lock as it is now; an empty lock when it is gone."""
    lock = normal_lock(record.freeze) if record.device == "gpu" else _lock(book, record.profile)
    return Profile(record.profile, record.python, record.device, lock)


def profile(book: Book, framework: str, device: str, python: str, freeze: str = "") -> Profile:
    """The profile of a run on this machine; on a GPU it is the ``freeze`` of all that is installed.

    Raises BookError when a CPU profile has no lock.
    """
    name = f"{framework}.{device}"
    if device == "gpu":
        return Profile(name, python, device, normal_lock(freeze))
    lock = _lock(book, name)
    if not lock:
        raise BookError.at(
            f"environments/{name}.txt", 0, "is missing or empty", "restore it, or run `make lock`"
        )
    return Profile(name, python, device, lock)


def library(root: Path) -> dict[str, str]:
    """The sources of d2l by module name."""
    folder = root / PACKAGE
    return {_module_name(folder, p): _text(p) for p in sorted(folder.rglob("*.py"))}


def data(book: Book, page: Page) -> dict[str, str]:
    """SHA-256 of the data that the page lists."""
    return {name: _data_digest(book, page, name) for name in page.front_matter.data}


def _lock(book: Book, name: str) -> str:
    path = book.root / "environments" / f"{name}.txt"
    return normal_lock(_text(path)) if path.is_file() else ""


def _module_name(folder: Path, path: Path) -> str:
    return ".".join((PACKAGE, *path.relative_to(folder).with_suffix("").parts))


def _data_digest(book: Book, page: Page, name: str) -> str:
    path = book.root / "data" / name
    if not path.is_file():
        raise BookError.at(
            book.relative(page.path),
            1,
            f"front matter lists data {name!r}, which is not in data/",
            "add the file, or mend the name",
        )
    status = path.stat()
    return _digest(path, status.st_mtime_ns, status.st_size)


def _text(path: Path) -> str:
    status = path.stat()
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1024)
def _read(path: Path, _mtime: int, _size: int) -> str:
    return read_text(path)


@lru_cache(maxsize=1024)
def _digest(path: Path, _mtime: int, _size: int) -> str:
    return digest(path.read_bytes())
