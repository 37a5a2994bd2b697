"""Reading and writing files so that a fault never leaves half a file and always names its place."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bookbuild.errors import BookError


def digest(content: bytes | str) -> str:
    """SHA-256 in hexadecimal; text counts as UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def fault(error: OSError, place: str | Path = "a file") -> BookError:
    """What the system refused, with the file's name where it gives one, else ``place``."""
    return BookError.at(
        error.filename or place,
        0,
        f"cannot be read or written ({error.strerror or error})",
        "free space or mend the rights, then run again",
    )


def read_text(path: Path) -> str:
    """The file's text.  Bytes that are not UTF-8 raise a BookError with the line they stand on."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        raise BookError.at(
            path, line, f"byte 0x{byte:02x} is not valid UTF-8", "save the file as UTF-8"
        ) from None


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file against other processes that want to hold it too; they wait.  Nothing, where none is."""
    if not path.is_file():
        yield
        return
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write beside ``path``, then rename: a reader sees the old file or the new one, never half of one."""
    raw = content.encode() if isinstance(content, str) else content
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise BookError.at(
            path, 0, f"cannot be written ({error.strerror})", "free space or mend the rights, then run again"
        ) from None
