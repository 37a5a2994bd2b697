"""What a translator does: begin a page, take the next block, say that a translation holds."""

from __future__ import annotations

import difflib
import re
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bookbuild.config import Book
from bookbuild.errors import BookError, Finding
from bookbuild.files import write_atomically
from bookbuild.pages import Cell, Group, Page, load_page, parse
from bookbuild.pages.canonical import canonical
from bookbuild.translation.blocks import MARKER, TextBlock
from bookbuild.translation.book import load_translation, page_blocks, read_state
from bookbuild.translation.compare import Pair, confirmed
from bookbuild.translation.state import State, dump, state_path

WHY = {
    "changed": "the English text has changed",
    "split": "the English block was split in two",
    "joined": "two English blocks were joined",
    "unconfirmed": "nobody has confirmed it yet",
    "untranslated": "it is still in English",
    "deleted": "the English page no longer has it",
    "": "it is not in this language yet",
}
PREFER = ("changed", "split", "joined", "unconfirmed", "untranslated", "")


# new


def new_page(book: Book, language: str, docname: str) -> str:
    """The English page with placeholders for its cells and a marker above what is to be translated."""
    english = load_page(book, book.source, docname)
    lines = english.text.split("\n")
    for group in reversed(english.groups):
        lines[group.line - 1 : group.end_line] = _placeholder(english, group)
    lines = _own_figures(book, language, "\n".join(lines)).split("\n")
    page = parse("\n".join(lines), english.path, language, docname, book.framework_keys, book.myst_extensions)
    for line in reversed(list(_marked_lines(book, page))):
        lines.insert(line - 1, f"% {MARKER}")
    return canonical("\n".join(lines))


def _own_figures(book: Book, language: str, text: str) -> str:
    """Paths of drawings in the source language lead to the language's own where it has one."""

    def own(found: re.Match[str]) -> str:
        path = Path("figures") / language / found[1]
        return path.as_posix() if (book.root / path).is_file() else found[0]

    return re.sub(rf"figures/{book.source}/([\w.-]+)", own, text)


def _placeholder(english: Page, group: Group) -> Iterator[str]:
    """One empty cell with the group's name and alternative text, and the reasons as they stand."""
    lines = english.text.split("\n")
    alt = [f":alt: {_yaml(group.alt)}"] if group.alt else []
    yield from ("```{code-cell}", *alt, f":name: {group.name}", "", "", "```")
    ends = [m.line for m in group.members[1:]] + [group.end_line + 1]
    for member, end in zip(group.members, ends, strict=True):
        if not isinstance(member, Cell):
            block = lines[member.line - 1 : end - 1]
            while block and not block[-1].strip():
                block.pop()
            yield from ("", *block)


def _yaml(value: str) -> str:
    plain = not re.search(r": | #|^[\W\d]|:$|\n", value)
    return value if plain else "'" + value.replace("'", "''") + "'"


def _marked_lines(book: Book, page: Page) -> Iterator[int]:
    """The first lines of pieces that hold text: of a heading that of its labels, of a list its first item."""
    texts = {b.line for b in page_blocks(book, page)}
    labels: int | None = None
    before = ""
    cell = 0
    for block in page.blocks:
        if block.kind == "code-cell":
            cell = block.line
        if block.kind == "myst-target":
            labels = labels or block.line
            continue
        holds = any(block.line <= line <= block.end_line for line in texts)
        if holds and block.kind == "unavailable":
            if cell:
                yield cell  # nothing may stand between a cell and its reasons
            cell = 0
        elif holds and not (block.kind == before == "list-item"):
            yield labels or block.line
            cell = 0
        labels, before = None, block.kind


def write_new(book: Book, language: str, docname: str) -> str:
    path = book.page_path(language, docname)
    if path.exists():
        mend = f"run `python -m bookbuild translate next {language}` for what it lacks"
        raise BookError.at(book.relative(path), 0, "the page exists already", mend)
    write_atomically(path, new_page(book, language, docname))
    return book.relative(path)


# next


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do; without a pair, a whole page."""

    language: str
    docname: str
    pair: Pair | None = None
    after: int = 0
    """the line of the translated page after which a missing block belongs"""


def tasks(book: Book, language: str, pages: Sequence[str]) -> Iterator[Task]:
    """What helps readers most, first.

    A stale block misleads and comes before a missing one, which is there in English; what begun pages lack
    comes before pages not begun; pages in the order of the book, where most words changed first.
    """
    found: list[tuple[tuple[int, ...], Task]] = []
    for number, docname in enumerate(pages):
        translation = load_translation(book, language, docname)
        if translation is None:
            found.append(((len(PREFER), number), Task(language, docname)))
            continue
        before = 0
        for pair in translation.pairs:
            if pair.state in ("stale", "missing"):
                rank = (PREFER.index(pair.note), number, -changed_words(pair), pair.english.line)  # type: ignore
                found.append((rank, Task(language, docname, pair, before)))
            before = pair.own.end_line if pair.own and pair.english else before
    yield from (task for _, task in sorted(found, key=lambda x: x[0]))


def changed_words(pair: Pair) -> int:
    if not pair.english or not pair.made_from:
        return 0
    old, new = pair.made_from.split(), pair.english.normalised.split()
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return max(len(old), len(new)) - sum(b.size for b in blocks)


def describe(book: Book, task: Task, width: int = 100) -> str:
    """The task for a terminal: English then and now side by side, and the present translation."""
    path = book.relative(book.page_path(task.language, task.docname))
    if task.pair is None:
        english = load_page(book, book.source, task.docname)
        words = sum(len(b.text.split()) for b in page_blocks(book, english))
        command = f"python -m bookbuild translate new {task.language} {task.docname}"
        return f"{path}: the page does not exist yet ({words} English words)\n  begin it: {command}"
    pair = task.pair
    source = book.relative(book.page_path(book.source, task.docname))
    place = f"{path}:{pair.own.line}" if pair.own else f"{path}, after line {task.after}"
    lines = [f"{place}: {WHY[pair.note]}"]
    if pair.english:
        lines[0] += f" ({source}:{pair.english.line})"
        if pair.made_from:
            lines += ["", *side_by_side(pair.made_from, pair.english.normalised, width)]
        else:
            lines += ["", "English:", *textwrap.wrap(pair.english.normalised, width)]
    if pair.own and pair.note != "untranslated":
        lines += ["", "Translation:", *textwrap.wrap(pair.own.normalised, width)]
    at = pair.own.line if pair.own else "LINE"
    lines += ["", f"done: python -m bookbuild translate confirm {task.language} {task.docname} {at}"]
    return "\n".join(lines)


def side_by_side(old: str, new: str, width: int = 100) -> list[str]:
    """Two columns; words that went stand as [-so-], words that came as {+so+}."""
    before, after = old.split(), new.split()
    left, right = list(before), list(after)
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            left[a:b] = [f"[-{x}-]" for x in before[a:b]]
            right[c:d] = [f"{{+{x}+}}" for x in after[c:d]]
    half = (width - 3) // 2
    columns = [textwrap.wrap(" ".join(x), half) or [""] for x in (left, right)]
    rows = max(map(len, columns))
    padded = [c + [""] * (rows - len(c)) for c in columns]
    head = f"{'English then'.ljust(half)} | English now"
    return [head, *(f"{a.ljust(half)} | {b}".rstrip() for a, b in zip(*padded, strict=True))]


# confirm


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What confirming would write, and what it leaves."""

    state: State
    count: int
    left: tuple[Finding, ...]
    """blocks whose English text changed and whose translation did not: whoever read them names them"""


def confirm(book: Book, language: str, docname: str, named: Sequence[str] = ()) -> Confirmation:
    """The record in which the named blocks (lines of the translated page) are made from the present English.

    Without names: all but those that nobody has touched since the English text changed.  Raises BookError for
    a name that fits no block, and for a block that has no English text or is English itself.
    """
    translation = load_translation(book, language, docname)
    path = book.relative(book.page_path(language, docname))
    if translation is None:
        mend = f"begin it with `python -m bookbuild translate new {language} {docname}`"
        raise BookError.at(path, 0, "the page does not exist", mend)
    by_block = {p.own: p for p in translation.pairs if p.own is not None}
    own = page_blocks(book, translation.own)
    if named:
        chosen = {block for name in named for block in _named(path, own, name)}
        refused = [x for x in (_refusal(path, by_block[b]) for b in own if b in chosen) if x]
        if refused:
            raise BookError(refused)
        left: list[Finding] = []
    else:
        chosen = {b for b in own if _may(by_block[b])}
        left = [_unread(path, by_block[b]) for b in own if _is_unread(by_block[b])]
    state = State(language, docname, confirmed(translation.pairs, own, chosen))
    return Confirmation(state, len(chosen), tuple(left))


def write_state(book: Book, state: State) -> str:
    path = state_path(book.page_path(state.language, state.page))
    write_atomically(path, dump(state))
    return book.relative(path)


def _may(pair: Pair) -> bool:
    return pair.english is not None and pair.note != "untranslated" and not _is_unread(pair)


def _is_unread(pair: Pair) -> bool:
    return pair.state == "stale" and bool(pair.made_from) and not pair.edited


def _unread(path: str, pair: Pair) -> Finding:
    line = pair.own.line  # type: ignore[union-attr]
    mend = f"mend it, or name it where it still holds: `confirm … {line}`"
    return Finding(path, line, f"{WHY[pair.note]} and the translation has not", mend, "warning")


def _refusal(path: str, pair: Pair) -> Finding | None:
    line = pair.own.line  # type: ignore[union-attr]
    if pair.english is None:
        return Finding(path, line, "the English page has no such block", "delete it here too")
    if pair.note == "untranslated" and pair.own and pair.own.marked:
        mend = f"translate it and delete the line `% {MARKER}` above it"
        return Finding(path, line, "the block is still in English", mend)
    return None


def _named(path: str, own: Sequence[TextBlock], name: str) -> list[TextBlock]:
    numbers = re.fullmatch(r"(\d+)(?:-(\d+))?", name)
    if not numbers:
        raise BookError.at(
            path, 0, f"{name!r} names no block", "give the number of a line of this page, or 12-40"
        )
    first = int(numbers[1])
    last = int(numbers[2] or first)
    found = [b for b in own if b.line <= last and b.end_line >= first]
    if not found:
        near = min(own, key=lambda b: abs(b.line - first), default=None)
        mend = f"the nearest begins on line {near.line}" if near else "the page has no text"
        raise BookError.at(path, first, "no block stands here", mend)
    return found


# move


def move(book: Book, old: str, new: str) -> Iterator[str]:
    """Move a page's translations after its English page; yields what was written."""
    for language in (x for x in book.language_keys if x != book.source):
        source, target = book.page_path(language, old), book.page_path(language, new)
        if not source.is_file() and not state_path(source).is_file():
            continue
        if target.exists():
            raise BookError.at(book.relative(target), 0, "the page exists already", "keep one of the two")
        state = read_state(book, language, old)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.move(source, target)
            yield book.relative(target)
        if state is not None:
            yield write_state(book, State(language, new, state.entries))
            state_path(source).unlink()
