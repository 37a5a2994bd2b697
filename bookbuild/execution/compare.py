"""Whether two runs gave the same: exactly on one processor model, within tolerances elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from bookbuild.pages import Cell
from bookbuild.store import Record
from bookbuild.store.alike import NUMBER, Outputs, alike, kind, texts, volatile, words

RELATIVE = 1e-4
"""float32 keeps 7 digits; sums of a few thousand terms in another order lose two or three of them"""
ABSOLUTE = 1e-6
"""what should be 0 comes out as the rounding error of numbers of order 1 (2**-24), times a few terms"""
PICTURE = 0.2
"""points: a mark in a figure that moved by less cannot be seen"""


def differences(old: Record, new: Record, cells: Mapping[str, Cell]) -> Iterator[tuple[str, str]]:
    """The cells whose outputs differ, with the first difference in words.

    ``cells`` are those of the page, by name: they say which outputs are about time or a device, and may
    state a tolerance of their own.
    """
    exact = old.machine == new.machine
    for run in new.cells:
        stored = old.cell(run.name)
        cell = cells[run.name]
        if stored is None:
            yield run.name, "is not in the store"
        elif found := _outputs(stored.outputs, run.outputs, exact, cell.tolerance, cell.tags):
            yield run.name, found


def _outputs(old: Outputs, new: Outputs, exact: bool, tolerance: float | None, tags: Collection[str]) -> str:
    if old == new or (volatile(tags) and alike(old, new, tags)):
        return ""
    if [kind(o) for o in old] != [kind(o) for o in new]:
        return f"gives {_kinds(new)}, stored is {_kinds(old)}"
    exact = exact and tolerance is None
    for before, after in zip(old, new, strict=True):
        for (mime, was), (_, now) in zip(texts(before), texts(after), strict=True):
            absolute = PICTURE if "svg" in mime else tolerance or ABSOLUTE
            if was != now and (exact or not close(was, now, absolute, tolerance or RELATIVE)):
                return _first_difference(was, now)
    return ""


def close(old: str, new: str, absolute: float = ABSOLUTE, relative: float = RELATIVE) -> bool:
    """The same text, with numbers equal within the tolerances; how they are padded does not count."""
    if words(old) != words(new):
        return False
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    return all(abs(float(a) - float(b)) <= absolute + relative * abs(float(a)) for a, b in pairs)


def _kinds(outputs: Outputs) -> str:
    return ", ".join(" ".join(filter(None, kind(o)[:2])) for o in outputs) or "nothing"


def _first_difference(old: str, new: str) -> str:
    lines = zip((*old.splitlines(), ""), (*new.splitlines(), ""), strict=False)
    was, now = next(((a, b) for a, b in lines if a != b), ("", ""))
    return f"gives {_short(now)}, stored is {_short(was)}"


def _short(line: str) -> str:
    line = line.strip()
    return repr(line if len(line) <= 60 else line[:57] + "...")
