"""Replacing a folder in one step: the new one is written aside, then both change places."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bookbuild.config import Book
from bookbuild.errors import BookError

NEW, OLD = ".new-", ".old-"
ABANDONED = 3600
"""seconds after which nobody is writing any more"""
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def replace_folder(folder: Path, files: Mapping[str, bytes], book: Book) -> None:
    """Make ``folder`` hold exactly ``files``.

    A fault on the way leaves the folder as it was and raises BookError with its name.
    """
    aside: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}{NEW}", dir=folder.parent))
        for name, content in sorted(files.items()):
            _write(aside / name, content)
        aside.chmod(0o755)
        _change_places(aside, folder)
    except OSError as error:
        raise BookError.at(
            book.relative(folder),
            0,
            f"cannot be written ({error.strerror}); the outputs before it stay",
            "free space or mend the rights, then run again",
        ) from None
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def sweep(outputs: Path) -> None:
    """Clear what an interrupted replacement left behind, and leave alone what one at work may have begun."""
    for left in outputs.rglob(f".*{OLD}*"):
        folder = left.with_name(left.name[1:].rpartition(OLD)[0])
        if not folder.exists():
            left.rename(folder)
    for left in (*outputs.rglob(f".*{OLD}*"), *outputs.rglob(f".*{NEW}*")):
        if time.time() - left.stat().st_mtime > ABANDONED:
            shutil.rmtree(left, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _change_places(aside: Path, folder: Path) -> None:
    if not folder.exists():
        aside.rename(folder)
    elif not _exchange(aside, folder):
        # without an exchange in one step, sweep() puts the old folder back after a fault between these two
        old = aside.with_name(aside.name.replace(NEW, OLD))
        folder.rename(old)
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Linux exchanges two names in one step; False where the system or the file system cannot."""
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    names = os.fsencode(first), os.fsencode(second)
    return exchange(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0
