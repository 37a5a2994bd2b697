"""A page as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from bookbuild.errors import Finding

CELL_TAGS = ("save", "hide-input", "hide-output", "remove-output", "raises-exception", "timing", "device")
"""tags that a cell may carry beside framework keys; ``timing`` and ``device`` say that the output is about
the time it took or the machine it ran on, so that another run need not give the same numbers"""


def cell_id(name: str, framework: str) -> str:
    """The id of a cell in the notebook of one framework."""
    return f"{name}-{framework}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One ``{code-cell}``."""

    name: str
    line: int
    source_line: int
    source: str
    frameworks: tuple[str, ...] = ()
    """empty: every framework of the page"""
    tags: tuple[str, ...] = ()
    """without the framework keys"""
    alt: str | None = None
    tolerance: float | None = None
    """by how much its numbers may differ in another run, absolutely or relatively"""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why one framework cannot do a step: ``{unavailable} mxnet``."""

    name: str
    line: int
    framework: str
    reason: str


Member = Cell | Unavailable


@dataclass(frozen=True, slots=True)
class Group:
    """The framework versions of one step, next to each other in the page."""

    name: str
    line: int
    end_line: int
    members: tuple[Member, ...]

    @property
    def alt(self) -> str | None:
        return next((m.alt for m in self.members if isinstance(m, Cell) and m.alt), None)

    def member(self, framework: str) -> Member | None:
        for member in self.members:
            if isinstance(member, Unavailable):
                if member.framework == framework:
                    return member
            elif not member.frameworks or framework in member.frameworks:
                return member
        return None


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive at the top level of a page, as far as the build has to know it."""

    name: str
    argument: str
    options: tuple[tuple[str, str], ...]
    line: int
    end_line: int

    def option(self, key: str) -> str | None:
        return dict(self.options).get(key)


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level piece of a page or a list item; ``line`` counts from 1, ``end_line`` is its last line."""

    kind: str
    line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class FrontMatter:
    frameworks: tuple[str, ...] = ()
    """empty: all of the book"""
    data: tuple[str, ...] = ()
    devices: int = 0
    timeout: int | None = None
    """seconds for the whole notebook"""
    memory: int | None = None
    """MiB for one kernel"""


@dataclass(frozen=True, slots=True)
class Page:
    language: str
    docname: str
    path: Path
    text: str
    front_matter: FrontMatter
    frameworks: tuple[str, ...]
    blocks: tuple[Block, ...]
    groups: tuple[Group, ...]
    directives: tuple[Directive, ...]
    labels: tuple[Label, ...]
    problems: tuple[Finding, ...] = ()
    """what the parser itself could not read"""

    def group(self, name: str) -> Group | None:
        return next((g for g in self.groups if g.name == name), None)

    def cells(self, framework: str) -> tuple[Cell, ...]:
        """The cells that run in one framework, in order."""
        members = (g.member(framework) for g in self.groups)
        return tuple(m for m in members if isinstance(m, Cell))


def filled(page: Page, english: Page) -> Page:
    """A translated page with the English cells in its placeholders.

    The placeholder's own alternative text and the page's own ``{unavailable}`` reasons stay; what it does not
    have of them stands in English.
    """
    return replace(page, frameworks=english.frameworks, groups=tuple(_fill(g, english) for g in page.groups))


def _fill(group: Group, english: Page) -> Group:
    source = english.group(group.name)
    if source is None:
        return group
    own = {m.framework: m for m in group.members if isinstance(m, Unavailable)}
    members: list[Member] = []
    for member in source.members:
        if isinstance(member, Unavailable):
            members.append(own.get(member.framework, member))
        else:
            members.append(replace(member, alt=(group.alt or member.alt) if member.alt else None))
    return replace(group, members=tuple(members))
