"""Whether two runs gave the same: exactly on one processor model, within tolerances elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bookbuild.store import Record

RELATIVE = 1e-4
"""float32 keeps 7 digits; sums of a few thousand terms in another order lose two or three of them"""
ABSOLUTE = 1e-6
"""what should be 0 comes out as the rounding error of numbers of order 1 (2**-24), times a few terms"""
PICTURE = 0.2
"""points: a mark in a figure that moved by less cannot be seen"""
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def differences(old: Record, new: Record) -> Iterator[tuple[str, str]]:
    """The cells whose outputs differ, with the first difference in words."""
    exact = old.machine == new.machine
    for cell in new.cells:
        stored = old.cell(cell.name)
        if stored is None:
            yield cell.name, "is not in the store"
        elif found := _outputs(stored.outputs, cell.outputs, exact):
            yield cell.name, found


def _outputs(old: tuple[dict[str, Any], ...], new: tuple[dict[str, Any], ...], exact: bool) -> str:
    if old == new:
        return ""
    if [_kind(o) for o in old] != [_kind(o) for o in new]:
        return f"gives {_kinds(new)}, stored is {_kinds(old)}"
    for before, after in zip(old, new, strict=True):
        for (mime, was), (_, now) in zip(_texts(before), _texts(after), strict=True):
            if was != now and (exact or not close(was, now, PICTURE if "svg" in mime else ABSOLUTE)):
                return _first_difference(was, now)
    return ""


def close(old: str, new: str, absolute: float = ABSOLUTE) -> bool:
    """The same text, with numbers equal within the tolerances; how they are padded does not count."""
    if NUMBER.sub("0", old).split() != NUMBER.sub("0", new).split():
        return False
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    return all(abs(float(a) - float(b)) <= absolute + RELATIVE * abs(float(a)) for a, b in pairs)


def _kind(output: dict[str, Any]) -> tuple[str, ...]:
    kind = output["output_type"]
    detail = output.get("name") or output.get("ename") or ""
    return (kind, detail, *sorted(output.get("data", ())))


def _kinds(outputs: tuple[dict[str, Any], ...]) -> str:
    return ", ".join(" ".join(filter(None, _kind(o)[:2])) for o in outputs) or "nothing"


def _texts(output: dict[str, Any]) -> list[tuple[str, str]]:
    if output["output_type"] == "stream":
        return [("text", output["text"])]
    if output["output_type"] == "error":
        return [("text", "\n".join(output["traceback"]))]
    return [
        (mime, value if isinstance(value, str) else repr(value))
        for mime, value in sorted(output["data"].items())
    ]


def _first_difference(old: str, new: str) -> str:
    lines = zip((*old.splitlines(), ""), (*new.splitlines(), ""), strict=False)
    was, now = next(((a, b) for a, b in lines if a != b), ("", ""))
    return f"gives {_short(now)}, stored is {_short(was)}"


def _short(line: str) -> str:
    line = line.strip()
    return repr(line if len(line) <= 60 else line[:57] + "...")
