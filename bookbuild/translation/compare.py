"""A translated page beside the present English one and the record of what it was made from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bookbuild.translation.align import Pairs, between, covered, overlap, same
from bookbuild.translation.blocks import Element, TextBlock, blocks, normalise
from bookbuild.translation.state import Entry, State, fingerprint

Freshness = Literal["fresh", "stale", "missing", "gone"]
Note = Literal["", "changed", "split", "joined", "deleted", "unconfirmed", "untranslated"]

WORD = re.compile(r"\w+")
KEPT = re.compile(r"`[^`]+`|\$[^$]+\$|\d+")
"""what a translation keeps: code and the targets of roles, formulas, digits"""
SHORT = ("heading", "title", "caption", "alt", "reason", "table")
"""blocks that may be rewritten from the first word to the last and are the same block all the same"""
RELATED, MOVED, CONTAINED = 0.15, 0.5, 0.7
"""shares of words in common: a changed paragraph, one that has moved too, one that another has taken in"""


@dataclass(frozen=True, slots=True)
class Pair:
    """One block in both languages, as far as each has it."""

    state: Freshness
    """``gone``: a translation of what the English page no longer has"""
    english: TextBlock | None
    own: TextBlock | None
    record: Entry | None = None
    """what was confirmed, where something was"""
    note: Note = ""
    edited: bool = False
    """the translation has changed since it was confirmed"""

    @property
    def made_from(self) -> str:
        """The normalised English text that the translation was made from, where that is known."""
        return self.record.english if self.record else ""

    @property
    def words(self) -> int:
        return len(WORD.findall(self.english.text)) if self.english else 0


def compare(
    english: Sequence[Element],
    own: Sequence[Element],
    state: State | None,
    terms: Mapping[str, str] | None = None,
) -> tuple[Pair, ...]:
    """Every block of both pages once: those of the English page in its order, then what it no longer has.

    ``terms`` gives for English terms the language's own, by which entries of glossaries are found.
    """
    sources, targets = blocks(english), blocks(own)
    entries = _alive(state.entries if state else (), sources)
    of_source, notes = _sources(entries, sources)
    of_target = {
        e: t
        for e, t in _recorded(entries, targets).items()
        if e in of_source or fingerprint(targets[t].text) == entries[e].translation
    }  # new text in the place of what the English page no longer has is new
    joined = {s: (t, e) for e, s in of_source.items() for t in [of_target.get(e)] if t is not None}
    known = {t for t, _ in joined.values()}
    recorded = {t: e for e, t in of_target.items()}
    fixed = [(s, t) for s, (t, _) in joined.items()]
    new = _unrecorded(english, own, fixed, set(recorded), terms or {})
    pairs: list[Pair] = []
    for s, source in enumerate(sources):
        if s in joined:
            t, e = joined[s]
            pairs.append(_confirmed(source, targets[t], entries[e], notes.get(s, "")))
        elif s in new:
            pairs.append(_unconfirmed(source, targets[new[s]]))
        else:
            pairs.append(Pair("missing", source, None, None, notes.get(s, "")))
    known |= set(new.values())
    for t, target in enumerate(targets):
        if t not in known:
            record = entries[recorded[t]] if t in recorded else None
            note: Note = notes.get(-1 - recorded[t], "deleted") if record else ""
            pairs.append(Pair("gone", None, target, record, note))
    return tuple(pairs)


def _alive(entries: Sequence[Entry], sources: Sequence[TextBlock]) -> list[Entry]:
    """Without entries that a merge brought twice: of one translation the one whose English text is there."""
    present = {s.normalised for s in sources}
    known = {e.translation for e in entries if e.english in present}
    return [e for e in entries if e.english in present or e.translation not in known]


def _confirmed(source: TextBlock, target: TextBlock, made: Entry, note: Note) -> Pair:
    edited = fingerprint(target.text) != made.translation
    if target.marked or (edited and _unconfirmed(source, target).state == "missing"):
        return Pair("missing", source, target, made, "untranslated", edited)
    if source.normalised == made.english:
        return Pair("fresh", source, target, made, "", edited)
    return Pair("stale", source, target, made, note or "changed", edited)


def _unconfirmed(source: TextBlock, target: TextBlock) -> Pair:
    if source.normalised == target.normalised and (target.marked or re.search(r"[^\W\d_]{2}", source.text)):
        return Pair("missing", source, target, None, "untranslated")
    return Pair("stale", source, target, None, "unconfirmed")


def _recorded(entries: Sequence[Entry], targets: Sequence[TextBlock]) -> dict[int, int]:
    """For entries the block of the translated page that they are about: the same text, or else the place."""
    pairs = _equal(
        [(e.kind, e.translation) for e in entries], [(t.kind, fingerprint(t.text)) for t in targets]
    )
    kept = [_kept(e.english) for e in entries], [_kept(t.text) for t in targets]
    pairs += between(
        [e.kind for e in entries],
        [t.kind for t in targets],
        pairs,
        lambda i, j: overlap(kept[0][i], kept[1][j]),
    )
    return dict(pairs)


def _sources(
    entries: Sequence[Entry], sources: Sequence[TextBlock]
) -> tuple[dict[int, int], dict[int, Note]]:
    """For entries the block of the English page; notes by block, or by ``-1 - entry`` where none is left."""
    pairs = _equal([(e.kind, e.english) for e in entries], [(s.kind, s.normalised) for s in sources])
    words = [_words(e.english) for e in entries], [_words(s.text) for s in sources]
    kinds = [e.kind for e in entries], [s.kind for s in sources]

    def alike(i: int, j: int) -> float:
        share = overlap(words[0][i], words[1][j])
        return share if share >= RELATED or kinds[0][i] in SHORT else -1

    exact = set(pairs)
    pairs += between(*kinds, pairs, alike)
    pairs += _moved(*kinds, pairs, words)
    notes: dict[int, Note] = {}
    left = set(range(len(entries))) - {i for i, _ in pairs}
    right = set(range(len(sources))) - {j for _, j in pairs}
    for i, j in (p for p in pairs if p not in exact):
        for other in right & {j - 1, j + 1}:
            if covered(words[1][other], words[0][i]) >= CONTAINED:
                notes[j] = notes[other] = "split"
        for other in left & {i - 1, i + 1}:
            if covered(words[0][other], words[1][j]) >= CONTAINED:
                notes[j] = notes[-1 - other] = "joined"
    return dict(pairs), notes


def _equal(left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]]) -> Pairs:
    """The same text of the same kind, then what is left of the same text of another kind."""
    pairs = same([f"{k} {x}" for k, x in left], [f"{k} {x}" for k, x in right])
    taken = {i for i, _ in pairs}, {j for _, j in pairs}
    here = [i for i in range(len(left)) if i not in taken[0]]
    there = [j for j in range(len(right)) if j not in taken[1]]
    rest = same([left[i][1] for i in here], [right[j][1] for j in there])
    return pairs + [(here[a], there[b]) for a, b in rest]


def _moved(
    left: Sequence[str],
    right: Sequence[str],
    pairs: Pairs,
    words: tuple[list[Counter[str]], list[Counter[str]]],
) -> Pairs:
    """Blocks that have moved and changed a little."""
    rows = set(range(len(left))) - {i for i, _ in pairs}
    columns = set(range(len(right))) - {j for _, j in pairs}
    offers = [(overlap(words[0][i], words[1][j]), i, j) for i in rows for j in columns if left[i] == right[j]]
    found: Pairs = []
    for share, i, j in sorted(offers, key=lambda x: (-x[0], x[1:])):
        if share >= MOVED and i in rows and j in columns:
            rows.remove(i)
            columns.remove(j)
            found.append((i, j))
    return found


def _unrecorded(
    english: Sequence[Element],
    own: Sequence[Element],
    fixed: Pairs,
    recorded: set[int],
    terms: Mapping[str, str],
) -> dict[int, int]:
    """Blocks of both pages that no entry joins, by what is the same around them and in them.

    ``fixed`` are pairs of blocks; ``recorded`` are blocks of the translated page that have an entry.
    """
    numbers = [], []
    for side, elements in enumerate((english, own)):
        count = 0
        for element in elements:
            numbers[side].append(count if isinstance(element, TextBlock) else -1)
            count += isinstance(element, TextBlock)
    back = tuple({n: i for i, n in enumerate(side) if n >= 0} for side in numbers)
    pairs = [(back[0][s], back[1][t]) for s, t in fixed]
    done = {i for i, _ in pairs}, {j for _, j in pairs} | {back[1][t] for t in recorded}
    keys = tuple(
        [_key(x, terms if not side else {}) or f"{side} {i}" for i, x in enumerate(elements)]
        for side, elements in enumerate((english, own))
    )
    pairs += [(i, j) for i, j in same(*keys) if i not in done[0] and j not in done[1]]
    kinds = (
        [x.kind if x.kind != "entry" else f"entry {i}" for i, x in enumerate(english)],
        [x.kind if x.kind != "entry" else f"own entry {j}" for j, x in enumerate(own)],
    )
    for j in (back[1][t] for t in recorded):
        kinds[1][j] = "recorded"
    texts = [_features(x) for x in english], [_features(x) for x in own]

    def alike(i: int, j: int) -> float:
        (kept, length), (other, other_length) = texts[0][i], texts[1][j]
        longest = max(length, other_length, 1)
        return 0.8 * overlap(kept, other) + 0.2 * min(length, other_length) / longest

    pairs += between(*kinds, pairs, alike)
    found = ((numbers[0][i], numbers[1][j]) for i, j in pairs)
    return {s: t for s, t in found if s >= 0 and t >= 0 and (s, t) not in set(fixed)}


def _key(element: Element, terms: Mapping[str, str]) -> str:
    if isinstance(element, TextBlock):
        key = terms.get(element.key, element.key) if element.kind == "entry" else element.key
        return f"{element.kind} {key}" if key else ""
    return element.key


def _features(element: Element) -> tuple[Counter[str], int]:
    if isinstance(element, TextBlock):
        return _kept(element.text), len(element.text)
    return Counter(), 0


@lru_cache(maxsize=8192)
def _kept(text: str) -> Counter[str]:
    return Counter(KEPT.findall(normalise(text)))


@lru_cache(maxsize=8192)
def _words(text: str) -> Counter[str]:
    return Counter(WORD.findall(text.lower()))


def confirmed(pairs: Sequence[Pair], own: Sequence[TextBlock], chosen: set[TextBlock]) -> tuple[Entry, ...]:
    """The entries of a record in which the chosen blocks count as made from the present English text."""
    by_block = {p.own: p for p in pairs if p.own is not None}
    found = []
    for block in own:
        pair = by_block[block]
        if block in chosen and pair.english is not None:
            found.append(Entry(block.kind, pair.english.normalised, fingerprint(block.text)))
        elif pair.record:
            found.append(pair.record)
    return tuple(found)
