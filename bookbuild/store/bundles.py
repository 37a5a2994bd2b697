"""Outputs as values and as files: text in lines, images beside the record under their cell's name."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bookbuild.files import digest

IMAGES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}


class Damaged(Exception):
    """What is wrong with a stored image, in a few words."""


def to_files(cell: str, outputs: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Outputs ready for JSON, and the image files that they name."""
    files: dict[str, bytes] = {}
    stored = []
    for output in outputs:
        kept = dict(output)
        if output["output_type"] == "stream":
            kept["text"] = _lines(output["text"])
        elif output["output_type"] == "error":
            kept["evalue"] = _lines(output["evalue"])
            kept["traceback"] = [line for line in output["traceback"] if line != _message(output)]
        elif "data" in output:
            kept["data"] = {mime: _store(mime, value, cell, files) for mime, value in output["data"].items()}
        stored.append(kept)
    return stored, files


def from_files(outputs: Iterable[dict[str, Any]], folder: Path) -> tuple[dict[str, Any], ...]:
    """The outputs as they were before ``to_files``.  Raises Damaged."""
    return tuple(_load(output, folder) for output in outputs)


def images(outputs: Iterable[dict[str, Any]]) -> int:
    """How many images a cell's outputs show."""
    return sum(any(mime in IMAGES for mime in output.get("data", ())) for output in outputs)


def image_size(outputs: Iterable[dict[str, Any]]) -> int:
    """Bytes of the images that a cell's outputs show."""
    found = ((mime, v) for output in outputs for mime, v in output.get("data", {}).items() if mime in IMAGES)
    return sum(len(v.encode()) if mime == "image/svg+xml" else len(v) * 3 // 4 for mime, v in found)


def _message(error: dict[str, Any]) -> str:
    """The last line of a traceback, which is stored once."""
    return f"{error['ename']}: {error['evalue']}"


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _store(mime: str, value: Any, cell: str, files: dict[str, bytes]) -> Any:
    if mime in IMAGES:
        content = value.encode() if mime == "image/svg+xml" else base64.b64decode(value)
        name, number = f"{cell}.{IMAGES[mime]}", 2
        while name in files:
            name, number = f"{cell}-{number}.{IMAGES[mime]}", number + 1
        files[name] = content
        return {"file": name, "sha256": digest(content)}
    return _lines(value) if isinstance(value, str) else value


def _load(output: dict[str, Any], folder: Path) -> dict[str, Any]:
    kept = dict(output)
    if output["output_type"] == "stream":
        kept["text"] = "".join(output["text"])
    elif output["output_type"] == "error":
        kept["evalue"] = "".join(output["evalue"])
        kept["traceback"] = [*output["traceback"], _message(kept)]
    elif "data" in output:
        kept["data"] = {mime: _load_value(mime, value, folder) for mime, value in output["data"].items()}
    return kept


def _load_value(mime: str, value: Any, folder: Path) -> Any:
    if mime not in IMAGES:
        return "".join(value) if isinstance(value, list) else value
    name = value["file"]
    if Path(name).name != name:
        raise Damaged(f"names an image outside its folder, {name!r}")
    try:
        content = (folder / name).read_bytes()
    except OSError:
        raise Damaged(f"names the image {name}, which is missing") from None
    if digest(content) != value["sha256"]:
        raise Damaged(f"names the image {name}, which has changed since")
    return (
        content.decode() if mime == "image/svg+xml" else binascii.b2a_base64(content, newline=False).decode()
    )
