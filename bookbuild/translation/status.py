"""How much of each translation still says what the English page says, in words and blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.pages import load_page
from bookbuild.translation.book import load_translation, page_blocks
from bookbuild.translation.compare import WORD, Pair

STATES = ("fresh", "stale", "missing")


@dataclass(frozen=True, slots=True)
class Line:
    """One page in one language."""

    language: str
    page: str
    exists: bool = True
    fault: str = ""
    """why nothing can be said of it"""
    blocks: dict[str, int] = field(default_factory=dict)
    """by state; ``gone`` counts translations of what the English page no longer has"""
    words: dict[str, int] = field(default_factory=dict)
    """English words by state"""
    open: tuple[dict[str, object], ...] = ()
    """every block that is not fresh: state, note, its line in either page"""

    def percent(self, state: str) -> int:
        return percent(self.words.get(state, 0), sum(self.words.values()))


def percent(part: int, whole: int) -> int:
    """Rounded so that 100 means all and 0 means none."""
    if not whole:
        return 0
    return min(99, max(1, round(100 * part / whole))) if 0 < part < whole else 100 * (part == whole)


def lines(
    book: Book, languages: Iterable[str] | None = None, pages: Iterable[str] | None = None
) -> Iterator[Line]:
    """Every page of every other language, in the book's order."""
    for language in languages or book.language_keys:
        if language == book.source:
            continue
        for docname in pages or book.pages:
            try:
                yield line(book, language, docname)
            except BookError as error:
                yield Line(language, docname, fault=str(error.findings[0]))


def line(book: Book, language: str, docname: str) -> Line:
    translation = load_translation(book, language, docname)
    if translation is None:
        english = page_blocks(book, load_page(book, book.source, docname))
        words = sum(len(WORD.findall(b.text)) for b in english)
        return Line(language, docname, False, "", {"missing": len(english)}, {"missing": words})
    pairs = translation.pairs
    return Line(
        language,
        docname,
        blocks={s: sum(p.state == s for p in pairs) for s in (*STATES, "gone")},
        words={s: sum(p.words for p in pairs if p.state == s) for s in STATES},
        open=tuple(_open(p) for p in pairs if p.state != "fresh"),
    )


def _open(pair: Pair) -> dict[str, object]:
    return {
        "state": pair.state,
        "note": pair.note,
        "kind": (pair.english or pair.own).kind,  # type: ignore[union-attr]
        "english_line": pair.english.line if pair.english else 0,
        "line": pair.own.line if pair.own else 0,
    }


def total(found: Sequence[Line]) -> Line:
    """All pages of one language together."""
    blocks = {s: sum(x.blocks.get(s, 0) for x in found) for s in (*STATES, "gone")}
    words = {s: sum(x.words.get(s, 0) for x in found) for s in STATES}
    return Line(found[0].language, "all pages", blocks=blocks, words=words)


def by_language(found: Iterable[Line]) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for one in found:
        groups.setdefault(one.language, []).append(one)
    return groups


def table(found: Iterable[Line]) -> str:
    """Blocks and, in brackets, percentages of words, by language and page."""
    rows = [("", "fresh", "stale", "missing", "gone")]
    for language, group in by_language(found).items():
        for one in (total(group), *group):
            name = f"{language}  {one.page}" if one.page == "all pages" else f"    {one.page}"
            if one.fault:
                rows.append((name, one.fault, "", "", ""))
                continue
            cells = (f"{one.blocks.get(s, 0)} ({one.percent(s)}%)" for s in STATES)
            rows.append((name, *cells, str(one.blocks.get("gone", 0) or "")))
    widths = [max(len(r[i]) for r in rows if not (i == 1 and "; " in r[i])) for i in range(5)]
    return "\n".join(
        "  ".join(
            [r[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(r[1:], widths[1:], strict=True))]
        ).rstrip()
        for r in rows
    )


def as_json(found: Iterable[Line]) -> str:
    return json.dumps([asdict(x) for x in found], ensure_ascii=False, indent=1)
