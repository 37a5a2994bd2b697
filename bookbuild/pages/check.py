"""The rules of the page format.  Every finding says file, line, what is wrong and the mend."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator

from bookbuild.errors import Finding
from bookbuild.pages.values import CELL_TAGS, Cell, Group, Page, Unavailable

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 40
GATES = {"exercise-start": "exercise-end", "solution-start": "solution-end"}
MAGIC = re.compile(r"^\s*[%!]|\?\s*$", re.M)
CONFLICT = re.compile(r"^(<{7}|>{7}|\|{7}) ", re.M)
DATA = re.compile(r"""\bd2l\.data\(\s*["']([^"']+)["']""")
PICTURE = re.compile(r"!\[\s*\]\(")


def check(page: Page, english: Page | None = None) -> tuple[Finding, ...]:
    """All findings of a page, in the order of its lines.

    ``english`` is the page that a translation's placeholders are filled from; None for an English page.
    """
    findings = [*page.problems, *_conflicts(page), *_labels(page), *_gates(page), *_pictures(page)]
    findings += _source_groups(page) if english is None else _placeholders(page, english)
    return tuple(sorted(findings, key=lambda f: f.line))


def _finding(page: Page, line: int, problem: str, mend: str) -> Finding:
    return Finding(str(page.path), line, problem, mend)


def _conflicts(page: Page) -> Iterator[Finding]:
    for mark in CONFLICT.finditer(page.text):
        line = page.text.count("\n", 0, mark.start()) + 1
        yield _finding(
            page, line, "a conflict marker was committed", "keep one version and delete the markers"
        )


def _labels(page: Page) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for label in page.labels:
        if label.name in seen:
            yield _finding(
                page,
                label.line,
                f"label {label.name!r} stands on line {seen[label.name]} too",
                "give one of them another name",
            )
        seen.setdefault(label.name, label.line)


def _gates(page: Page) -> Iterator[Finding]:
    """Gated exercises and solutions: balanced, not nested, no heading inside."""
    open_gate: tuple[str, int] | None = None
    events = [(d.line, d.name) for d in page.directives if d.name in (*GATES, *GATES.values())]
    events += [(b.line, "heading") for b in page.blocks if b.kind == "heading"]
    for line, name in sorted(events):
        if name == "heading":
            if open_gate:
                yield _finding(
                    page,
                    line,
                    f"a heading stands inside {{{open_gate[0]}}} of line {open_gate[1]}",
                    "use bold text, or close the gate before it",
                )
        elif name in GATES:
            if open_gate:
                yield _finding(
                    page,
                    line,
                    f"{{{name}}} opens inside {{{open_gate[0]}}} of line {open_gate[1]}",
                    f"write {{{GATES[open_gate[0]]}}} before it",
                )
            open_gate = (name, line)
        elif open_gate is None or GATES[open_gate[0]] != name:
            yield _finding(
                page,
                line,
                f"{{{name}}} closes nothing",
                f"write {{{name.replace('end', 'start')}}} before it, or delete it",
            )
        else:
            open_gate = None
    if open_gate:
        yield _finding(
            page,
            open_gate[1],
            f"{{{open_gate[0]}}} is never closed",
            f"write {{{GATES[open_gate[0]]}}} after its last block",
        )


def _pictures(page: Page) -> Iterator[Finding]:
    for directive in page.directives:
        if directive.name in ("figure", "image") and not directive.option("alt"):
            yield _finding(
                page,
                directive.line,
                f"{{{directive.name}}} has no alternative text",
                "add `:alt:` that says what a reader would conclude from it",
            )
    for picture in PICTURE.finditer(page.text):
        line = page.text.count("\n", 0, picture.start()) + 1
        yield _finding(
            page, line, "a picture has no alternative text", "write it between the square brackets"
        )


def _source_groups(page: Page) -> Iterator[Finding]:
    seen: dict[str, Group] = {}
    for group in page.groups:
        if not group.name:
            yield _finding(page, group.line, "a cell has no name", "add `:name:` in kebab-case")
            continue
        if not NAME.fullmatch(group.name) or len(group.name) > LONGEST_NAME:
            yield _finding(
                page,
                group.line,
                f"cell name {group.name!r} is not allowed",
                f"use kebab-case (a-z, 0-9, -) of at most {LONGEST_NAME} characters",
            )
        if group.name in seen:
            yield from _apart(page, seen[group.name], group)
            continue
        seen[group.name] = group
        yield from _members(page, group)


def _apart(page: Page, first: Group, second: Group) -> Iterator[Finding]:
    taken = {f for m in first.members for f in _frameworks(page, m)}
    again = {f for m in second.members for f in _frameworks(page, m)}
    if taken & again:
        yield _finding(
            page,
            second.line,
            f"cell name {second.name!r} stands on line {first.line} too",
            "give the second step another name",
        )
    else:
        yield _finding(
            page,
            second.line,
            f"cells of group {second.name!r} stand apart (line {first.line})",
            "put the framework versions of one step directly after one another",
        )


def _frameworks(page: Page, member: Cell | Unavailable) -> tuple[str, ...]:
    if isinstance(member, Unavailable):
        return (member.framework,)
    if set(member.tags) - set(CELL_TAGS):
        return member.frameworks  # an unknown tag is a finding already, and was hardly meant as "all of them"
    return member.frameworks or page.frameworks


def _members(page: Page, group: Group) -> Iterator[Finding]:
    covered: dict[str, int] = {}
    for member in group.members:
        if isinstance(member, Cell):
            yield from _cell(page, member)
        elif member.framework not in page.frameworks:
            yield _finding(
                page,
                member.line,
                f"{{unavailable}} names {member.framework!r}, which is not one framework of the page",
                "write one block for each; known: " + " ".join(page.frameworks),
            )
        elif not member.reason.strip():
            yield _finding(
                page, member.line, "{unavailable} gives no reason", "say why, and what to do instead"
            )
        for framework in _frameworks(page, member):
            if framework in covered:
                yield _finding(
                    page,
                    member.line,
                    f"group {group.name!r} has {framework} on line {covered[framework]} too",
                    "keep one cell for each framework",
                )
            covered[framework] = member.line
    missing = [f for f in page.frameworks if f not in covered]
    if missing:
        yield _finding(
            page,
            group.line,
            f"group {group.name!r} has no cell for {', '.join(missing)}",
            "add it, or `{unavailable}` with the reason",
        )


def _cell(page: Page, cell: Cell) -> Iterator[Finding]:
    for tag in cell.tags:
        if tag not in CELL_TAGS:
            known = (*page.frameworks, *CELL_TAGS)
            yield _finding(
                page,
                cell.line,
                f"cell {cell.name!r} has an unknown tag {tag!r}",
                _guess(tag, known) + "known: " + " ".join(known),
            )
    for framework in cell.frameworks:
        if framework not in page.frameworks:
            yield _finding(
                page,
                cell.line,
                f"cell {cell.name!r} is for {framework}, which this page does not have",
                "add it to the front matter's `frameworks:`",
            )
    for name in DATA.findall(cell.source):
        if name not in page.front_matter.data:
            yield _finding(
                page,
                cell.line,
                f"cell {cell.name!r} reads data {name!r}, which the front matter does not list",
                "add it to `data:` there: its content is part of what the output depends on",
            )
    if not cell.source.strip():
        yield _finding(page, cell.line, f"cell {cell.name!r} is empty", "write its code, or delete it")


def check_code(page: Page) -> Iterator[Finding]:
    """Code that Python cannot read, unless that is the lesson or IPython reads it (magics, ``name?``).

    Apart from ``check``: execution says it too, of this notebook alone, and the others go on.
    """
    for cell in (m for g in page.groups for m in g.members if isinstance(m, Cell)):
        if "raises-exception" in cell.tags or MAGIC.search(cell.source):
            continue
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            line = cell.source_line + (error.lineno or 1) - 1
            yield _finding(
                page, line, f"cell {cell.name!r} is not valid Python ({error.msg})", "mend the line"
            )


def _placeholders(page: Page, english: Page) -> Iterator[Finding]:
    names = [g.name for g in english.groups]
    order: list[str] = []
    for group in page.groups:
        if group.name not in names:
            yield _finding(
                page,
                group.line,
                f"cell {group.name!r} is not in the English page",
                _guess(group.name, names) + "take the name from there",
            )
            continue
        if group.name in order:
            yield _finding(page, group.line, f"placeholder {group.name!r} stands here twice", "delete one")
            continue
        order.append(group.name)
        for member in group.members:
            if isinstance(member, Cell) and (member.source.strip() or member.tags or member.frameworks):
                yield _finding(
                    page,
                    member.line,
                    f"placeholder {group.name!r} holds code or tags",
                    "leave only `:name:` (and `:alt:`); code is kept once, in the English page",
                )
    missing = [n for n in names if n not in order]
    if missing:
        yield _finding(
            page,
            0,
            f"placeholders are missing: {', '.join(missing)}",
            "add `{code-cell}` with that `:name:` at their places",
        )
    elif order != [n for n in names if n in order]:
        first = next(a for a, b in zip(order, names, strict=True) if a != b)
        line = next(g.line for g in page.groups if g.name == first)
        yield _finding(
            page, line, f"placeholder {first!r} is out of order", "keep the order of the English page"
        )


def _guess(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}? " if close else ""
