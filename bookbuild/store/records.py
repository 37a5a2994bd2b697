"""A record: what the cells of one notebook gave, and all that the claim rests on.

On disk ``outputs/<page>/<framework>.<device>/record.json`` with the images beside it, made for reading
and for line-by-line review.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.files import read_text
from bookbuild.store import folders
from bookbuild.store.alike import alike, volatile
from bookbuild.store.bundles import Damaged, from_files, to_files

FORMAT = 1
NAME = "record.json"
FREEZE = "freeze.txt"
"""beside a GPU record: every package of the machine that captured, as a lock"""


@dataclass(frozen=True, slots=True)
class CellRecord:
    name: str
    key: str
    outputs: tuple[dict[str, Any], ...]
    """outputs of nbformat 4, normalised; images as text (SVG) or Base64"""
    seconds: float


@dataclass(frozen=True, slots=True)
class Record:
    page: str
    framework: str
    device: str
    """``cpu`` or ``gpu``"""
    machine: str
    """the processor's name"""
    profile: str
    """the lock that the outputs are judged against: ``pytorch.cpu``"""
    python: str
    """``3.11``"""
    versions: Mapping[str, str]
    date: str
    """``2026-01-31``"""
    seconds: float
    peak_memory: int
    """MiB, of the kernel"""
    parts: Mapping[str, str]
    """digests of all that the keys cover, by name"""
    cells: tuple[CellRecord, ...]
    freeze: str = ""

    def cell(self, name: str) -> CellRecord | None:
        return next((c for c in self.cells if c.name == name), None)

    @property
    def claim(self) -> tuple[Any, ...]:
        """What makes it another record.  Time, memory and date are written with it, never alone."""
        return (
            self.profile,
            self.python,
            self.device,
            dict(self.parts),
            self.freeze,
            [(c.name, c.key, c.outputs) for c in self.cells],
        )


def path(book: Book, docname: str, framework: str, device: str = "cpu") -> Path:
    """The folder of one record."""
    return book.root / "outputs" / docname / f"{framework}.{device}"


def read(book: Book, docname: str, framework: str, device: str = "cpu") -> Record | None:
    """The record, or None when there is none.  A damaged one raises BookError with its file."""
    folder = path(book, docname, framework, device)
    file = folder / NAME
    if not file.is_file():
        return None
    shown = book.relative(file)
    mend = f"restore it with git, or run `make execute PAGES={docname} FRAMEWORKS={framework}`"
    try:
        values = json.loads(read_text(file))
        if values["format"] != FORMAT:
            raise BookError.at(
                shown,
                0,
                f"has format {values['format']!r}; this program reads {FORMAT}",
                "use the program of the same commit, or " + mend,
            )
        record = _from_values(values, folder)
    except json.JSONDecodeError as error:
        raise BookError.at(shown, error.lineno, f"is not valid JSON ({error.msg})", mend) from None
    except Damaged as error:
        raise BookError.at(shown, 0, str(error), mend) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BookError.at(shown, 0, f"is damaged ({type(error).__name__}: {error})", mend) from None
    if (record.page, record.framework, record.device) != (docname, framework, device):
        raise BookError.at(
            shown, 0, f"is the record of {record.page}, {record.framework}.{record.device}", mend
        )
    return record


def write(book: Book, record: Record, tags: Mapping[str, Collection[str]] = MappingProxyType({})) -> bool:
    """Store a record, whole or not at all; False when it claims what the stored one claims already.

    ``tags`` are the cells' own, by name: an output about time or a device is no other claim as long as it
    is alike.
    """
    try:
        stored = read(book, record.page, record.framework, record.device)
    except BookError:
        stored = None
    if stored is not None and stored.claim == _settled(record, stored, tags).claim:
        return False
    folders.replace_folder(path(book, record.page, record.framework, record.device), _files(record), book)
    return True


def _settled(record: Record, stored: Record, tags: Mapping[str, Collection[str]]) -> Record:
    """The record with stored outputs in the place of volatile ones that are alike."""
    cells = []
    for cell in record.cells:
        was = stored.cell(cell.name)
        its = tags.get(cell.name, ())
        same = was is not None and volatile(its) and alike(was.outputs, cell.outputs, its)
        cells.append(replace(cell, outputs=was.outputs) if was is not None and same else cell)
    return replace(record, cells=tuple(cells))


def sweep(book: Book) -> None:
    """Clear what an interrupted writing left behind."""
    folders.sweep(book.root / "outputs")


def _files(record: Record) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    cells = []
    for cell in record.cells:
        outputs, images = to_files(cell.name, cell.outputs)
        files |= images
        cells.append(
            {"name": cell.name, "key": cell.key, "seconds": round(cell.seconds, 3), "outputs": outputs}
        )
    values = {
        "format": FORMAT,
        "page": record.page,
        "framework": record.framework,
        "device": record.device,
        "machine": record.machine,
        "profile": record.profile,
        "python": record.python,
        "versions": dict(record.versions),
        "date": record.date,
        "seconds": round(record.seconds, 2),
        "peak_memory": record.peak_memory,
        "parts": dict(record.parts),
        "cells": cells,
    }
    text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    files[NAME] = text.encode()
    if record.freeze:
        files[FREEZE] = record.freeze.encode()
    return files


def _from_values(values: dict[str, Any], folder: Path) -> Record:
    freeze = folder / FREEZE
    return Record(
        page=values["page"],
        framework=values["framework"],
        device=values["device"],
        machine=values["machine"],
        profile=values["profile"],
        python=values["python"],
        versions=dict(values["versions"]),
        date=values["date"],
        seconds=float(values["seconds"]),
        peak_memory=int(values["peak_memory"]),
        parts=dict(values["parts"]),
        cells=tuple(
            CellRecord(c["name"], c["key"], from_files(c["outputs"], folder), float(c["seconds"]))
            for c in values["cells"]
        ),
        freeze=read_text(freeze) if freeze.is_file() else "",
    )
