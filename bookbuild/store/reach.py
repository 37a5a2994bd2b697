"""What cells reach in ``d2l``, through functions, classes, constants and modules, and by which way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bookbuild.store.code import Import, Uses
from bookbuild.store.modules import Module, Part, is_ours

PACKAGE = "d2l"
_ALWAYS_THERE = frozenset({"__file__", "__name__", "__package__", "__spec__"})


@dataclass(frozen=True, slots=True)
class Reached:
    """One part of d2l that a cell depends on."""

    part: Part
    via: str | None
    """the part that led here; None when a cell names it itself"""


Index = Mapping[str, Module]


def reach(index: Index, cells: Iterable[Uses]) -> dict[str, Reached]:
    """The parts of d2l that the cells reach together, by name: ``d2l.torch.Module``.

    ``d2l.torch (import)`` stands for what runs when the module is imported, ``d2l.torch (whole)`` for all
    of it, where a cell or a function may use any name.
    """
    search = _Search(index, hooks=any(m.hooks for m in index.values()))
    bindings: dict[str, list[Import]] = {}
    for uses in cells:
        for name, items in _bindings(uses).items():
            bindings.setdefault(name, []).extend(items)
        search.follow(uses, bindings, None)
    search.run()
    return search.found


def way(reached: Mapping[str, Reached], name: str) -> tuple[str, ...]:
    """The parts that lead from a cell to ``name``, the cell's own first."""
    steps = []
    via = reached[name].via
    while via is not None and via not in steps:
        steps.append(via)
        via = reached[via].via
    return tuple(reversed(steps))


@dataclass(slots=True)
class _Search:
    index: Index
    hooks: bool
    found: dict[str, Reached] = field(default_factory=dict)
    todo: deque[tuple[Module, str]] = field(default_factory=deque)

    def run(self) -> None:
        while self.todo:
            module, name = self.todo.popleft()
            part = self.found[name].part
            self.follow(part.uses, _bindings(part.uses), name, module)

    def add(self, module: Module, name: str, part: Part, via: str | None) -> None:
        if name not in self.found:
            self.found[name] = Reached(part, via)
            self.todo.append((module, name))

    def follow(
        self, uses: Uses, bindings: Mapping[str, list[Import]], via: str | None, module: Module | None = None
    ) -> None:
        """Go where a piece of code leads; ``module`` is where it stands, None for a cell."""
        for item in uses.imports:
            if is_ours(item.module, PACKAGE):
                self.imported(item.module, via)
                self.star_or_name(item, via)
        for chain in sorted(uses.chains):
            for item in bindings.get(chain[0], ()):
                self.bound(item, chain[1:], via)
            if module is not None:
                self.name(module, chain[0], via, chain[1:])
        if uses.importers:
            for other in self.index.values():
                self.whole(other, via)
        elif uses.namespaces:
            if module is not None:
                self.whole(module, via)
            for items in bindings.values():
                for item in items:
                    self.bound(item, (), via)

    def star_or_name(self, item: Import, via: str | None) -> None:
        if item.name == "*":
            self.bound(Import(item.module, None, item.module), (), via)
        elif item.name is not None:
            self.imported(f"{item.module}.{item.name}", via)

    def imported(self, name: str, via: str | None) -> None:
        """What importing ``name`` runs, its packages' own imports first."""
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            module = self.index.get(".".join(parts[:end]))
            if module is None:
                return
            if self.hooks:
                self.whole(module, via)
            key = f"{module.name} (import)"
            known = key in self.found
            self.add(module, key, module.effects, via)
            for item in () if known else module.imports:
                self.imported(item.module, key)
                if item.name and item.name != "*":
                    self.imported(f"{item.module}.{item.name}", key)

    def whole(self, module: Module, via: str | None) -> None:
        self.add(module, f"{module.name} (whole)", module.whole, via)

    def bound(self, item: Import, rest: tuple[str, ...], via: str | None) -> None:
        """Follow a name that an import binds, and the attributes taken from it."""
        if item.name not in (None, "*"):
            rest = (item.name, *rest)  # type: ignore[assignment]
        module = self.index.get(item.module)
        if module is not None:
            self.attribute(module, rest, via)

    def attribute(self, module: Module, rest: tuple[str, ...], via: str | None) -> None:
        if not rest:
            inside = (m for m in self.index.values() if m.name.startswith(f"{module.name}."))
            for each in (module, *inside):
                self.whole(each, via)
        elif f"{module.name}.{rest[0]}" in self.index and rest[0] not in module.symbols:
            self.imported(f"{module.name}.{rest[0]}", via)
            self.attribute(self.index[f"{module.name}.{rest[0]}"], rest[1:], via)
        elif not self.name(module, rest[0], via, rest[1:]) and rest[0] not in _ALWAYS_THERE:
            self.whole(module, via)

    def name(self, module: Module, name: str, via: str | None, rest: tuple[str, ...] = ()) -> bool:
        """Follow a name of a module's own; False when the module does not bind it."""
        if name in module.symbols:
            self.add(module, f"{module.name}.{name}", module.symbols[name], via)
        items = module.bindings(name)
        for item in items:
            self.bound(item, rest, via)
        if name in module.symbols or items or name in module.effect_names:
            return True
        return any(
            self.name(self.index[star], name, via, rest) for star in module.stars if star in self.index
        )


def _bindings(uses: Uses) -> dict[str, list[Import]]:
    """The names that a piece of code itself binds to d2l."""
    bindings: dict[str, list[Import]] = {}
    for item in uses.imports:
        if item.alias and item.name != "*" and is_ours(item.module, PACKAGE):
            bindings.setdefault(item.alias, []).append(item)
    return bindings
