"""The key of an output: a digest of all that the output depends on, kept with the names of its parts.

Pure: no file is read here, and neither Sphinx, Dask nor nbclient is imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bookbuild.files import digest
from bookbuild.store.code import as_written, cell_uses, normal_cell
from bookbuild.store.modules import Module, read_module
from bookbuild.store.reach import Reached, reach, way

CAPTURE_RULES = 1
"""to be raised when the runner or the normalisation would give another output for the same code"""
PLAIN = ("Python version", "device", "capture rules")
"""parts that are kept as they are, not as digests"""
OUTSIDE_THE_KEY = ("nvidia-", "triton", "pytorch-triton", "cuda-")
"""packages that a lock names for one platform only; the record holds their versions"""


@dataclass(frozen=True, slots=True)
class CellSource:
    name: str
    source: str
    as_written: bool = False
    """whether its output shows its text, as an error does with the line that raised: then comments count"""


@dataclass(frozen=True, slots=True)
class Profile:
    """The environment that a record declares."""

    name: str
    """``pytorch.cpu``: the lock it names"""
    python: str
    """``3.11``"""
    device: str
    """``cpu`` or ``gpu``"""
    lock: str
    """normalised, see ``normal_lock``"""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What outputs depend on besides the page."""

    modules: Mapping[str, str]
    """sources of d2l by module name; a package's own has the name ``d2l.__init__``"""
    profile: Profile
    data: Mapping[str, str]
    """SHA-256 of the data that the page lists"""


@dataclass(frozen=True, slots=True)
class CellKey:
    name: str
    key: str
    parts: Mapping[str, str]
    """digests of all that it covers, by name: ``cell imports``, ``d2l.torch.Module``, ``data small``"""
    order: tuple[str, ...]
    """names of the cells up to this one"""
    ways: Mapping[str, tuple[str, ...]]
    """for parts of d2l, the parts through which they are reached"""


def cell_keys(cells: Sequence[CellSource], inputs: Inputs) -> tuple[CellKey, ...]:
    """The keys of one notebook's cells, in order."""
    index = {m.name: m for m in map(_module, inputs.modules.items())}
    around = _surroundings(inputs)
    return tuple(_cell_key(cells[: n + 1], index, around) for n in range(len(cells)))


def _module(item: tuple[str, str]) -> Module:
    name, source = item
    return read_module(name.removesuffix(".__init__"), source, name.endswith(".__init__"))


def _surroundings(inputs: Inputs) -> dict[str, str]:
    profile = inputs.profile
    parts = {
        "capture rules": str(CAPTURE_RULES),
        f"lock {profile.name}": digest(profile.lock),
        "Python version": profile.python,
        "device": profile.device,
    }
    return parts | {f"data {name}": value for name, value in sorted(inputs.data.items())}


def _cell_key(cells: Sequence[CellSource], index: Mapping[str, Module], around: Mapping[str, str]) -> CellKey:
    used = [cell_uses(c.source) for c in cells]
    reached = reach(index, used)
    # once something asks for documentation, what comes after may hold it
    asked = any(u.documentation for u in (*used, *(r.part.uses for r in reached.values())))
    written = [asked or (c is cells[-1] and c.as_written) for c in cells]
    codes = [_cell_digest(c, w) for c, w in zip(cells, written, strict=True)]
    parts = dict(around)
    parts |= {_part_name(f"cell {c.name}", w): d for c, w, d in zip(cells, written, codes, strict=True)}
    parts |= {_part_name(n, asked): _part_digest(r, asked) for n, r in reached.items()}
    ways = {_part_name(n, asked): way(reached, n) for n in reached}
    # names of cells are for reading: the key holds their order and their code
    text = json.dumps([codes, sorted((n, d) for n, d in parts.items() if not n.startswith("cell "))])
    return CellKey(cells[-1].name, digest(text), parts, tuple(c.name for c in cells), ways)


def _cell_digest(cell: CellSource, written: bool) -> str:
    return digest(as_written(cell.source) if written else normal_cell(cell.source))


def _part_name(name: str, written: bool) -> str:
    return f"{name} as written" if written else name


def _part_digest(reached: Reached, written: bool) -> str:
    return digest(reached.part.written if written else reached.part.normal)


def normal_lock(text: str) -> str:
    """A lock as sorted ``name==version`` lines: no comments, hashes, markers, local suffixes.

    Packages that only one platform has stand outside (``OUTSIDE_THE_KEY``).
    """
    found = set()
    for line in text.splitlines():
        pinned = re.match(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*==\s*([^\s;+\\#]+)", line)
        if pinned:
            name = re.sub(r"[-_.]+", "-", pinned.group(1)).lower()
            if not name.startswith(OUTSIDE_THE_KEY):
                found.add(f"{name}=={pinned.group(2)}")
    return "".join(f"{line}\n" for line in sorted(found))


def explain(key: CellKey, recorded: Mapping[str, str], order: Iterable[str] = ()) -> tuple[str, ...]:
    """Why a key differs from its record, in words: one line for each part that changed.

    ``recorded`` holds the digests of the record's parts, ``order`` the names of the cells that it ran.
    Nothing is said where all the parts are as they were and the cells stand in the same order.
    """
    reasons = []
    for name, value in key.parts.items():
        was = recorded.get(name)
        if was == value:
            continue
        verb = "changed" if was is not None else "is new"
        steps = key.ways.get(name, ())
        reached = f"; reached through {' -> '.join(steps)}" if steps else ""
        reasons.append(f"{_worded(name, was, value)} {verb}{reached}")
    ran = tuple(order)
    before = ran[: ran.index(key.name) + 1] if key.name in ran else ran
    gone = [n for n in before if n not in key.order]
    if gone:
        reasons.append(f"cell {', '.join(gone)} is gone from the cells before it")
    elif not reasons and before != key.order:
        reasons.append("the cells before it stand in another order")
    return tuple(reasons)


def rests_on(key: CellKey) -> tuple[str, ...]:
    """All that a key covers, in words, the parts of d2l with the way to them."""
    lines = []
    for name, value in key.parts.items():
        steps = key.ways.get(name, ())
        reached = f"; reached through {' -> '.join(steps)}" if steps else ""
        lines.append((f"{name} {value}" if name in PLAIN else _worded(name, None, value)) + reached)
    return tuple(lines)


def _worded(name: str, was: str | None, value: str) -> str:
    if name in PLAIN and was is not None:
        return f"{name} ({was}, now {value})"
    return f"`{name}`" if name.startswith("d2l") else name
