"""Which item of one sequence corresponds to which of another."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

Pairs = list[tuple[int, int]]
LARGEST = 250_000
"""pairs that one gap may offer; a larger one (nothing in common for long) is matched in order"""


def same(left: Sequence[str], right: Sequence[str]) -> Pairs:
    """Items that are equal, wherever they stand; of several equal ones those between the same others."""
    counts = Counter(left), Counter(right)
    once = {item: j for j, item in enumerate(right) if counts[0][item] == counts[1][item] == 1}
    pairs = [(i, once[item]) for i, item in enumerate(left) if item in once]
    pairs += between(left, right, pairs, lambda i, j: 1.0)
    done = {i for i, _ in pairs}, {j for _, j in pairs}
    places: dict[str, list[int]] = {}
    for j in reversed(range(len(right))):
        if j not in done[1]:
            places.setdefault(right[j], []).append(j)
    return pairs + [(i, places[x].pop()) for i, x in enumerate(left) if i not in done[0] and places.get(x)]


def between(
    left: Sequence[str],
    right: Sequence[str],
    fixed: Iterable[tuple[int, int]],
    likeness: Callable[[int, int], float],
) -> Pairs:
    """Pairs of unmatched items that stand between the same matched ones, in order.

    ``left`` and ``right`` are kinds: only equal ones can be a pair.  ``likeness`` gives from 0 to 1 how alike
    two items are, or less than 0 where they are no pair.
    """
    fixed = list(fixed)
    taken_left, taken_right = {i for i, _ in fixed}, {j for _, j in fixed}
    found: Pairs = []
    before = (-1, -1)
    for after in [*spine(fixed), (len(left), len(right))]:
        rows = [i for i in range(before[0] + 1, after[0]) if i not in taken_left]
        columns = [j for j in range(before[1] + 1, after[1]) if j not in taken_right]
        if rows and columns:
            found += _in_order(rows, columns, left, right, likeness)
        before = after
    return found


def spine(pairs: Iterable[tuple[int, int]]) -> Pairs:
    """The longest part of the pairs that runs in the same order on both sides."""
    ends: list[int] = []
    chain: list[tuple[int, int]] = []
    previous: dict[tuple[int, int], tuple[int, int] | None] = {}
    for pair in sorted(pairs):
        at = bisect_left(ends, pair[1])
        previous[pair] = chain[at - 1] if at else None
        ends[at : at + 1] = [pair[1]]
        chain[at : at + 1] = [pair]
    found: Pairs = []
    last = chain[-1] if chain else None
    while last is not None:
        found.append(last)
        last = previous[last]
    return found[::-1]


def _in_order(
    rows: list[int],
    columns: list[int],
    left: Sequence[str],
    right: Sequence[str],
    likeness: Callable[[int, int], float],
) -> Pairs:
    """As many pairs as possible, the most alike first (Needleman and Wunsch, gaps cost nothing)."""
    if len(rows) * len(columns) > LARGEST:
        return [(i, j) for i, j in zip(rows, columns, strict=False) if left[i] == right[j]]
    best = [[0.0] * (len(columns) + 1) for _ in range(len(rows) + 1)]
    gain: dict[tuple[int, int], float] = {}
    for a in range(len(rows) - 1, -1, -1):
        for b in range(len(columns) - 1, -1, -1):
            best[a][b] = max(best[a + 1][b], best[a][b + 1])
            if left[rows[a]] == right[columns[b]]:
                alike = likeness(rows[a], columns[b])
                if alike >= 0:
                    gain[a, b] = 1 + 2 * alike + best[a + 1][b + 1]
                    best[a][b] = max(best[a][b], gain[a, b])
    found: Pairs = []
    a = b = 0
    while a < len(rows) and b < len(columns):
        if gain.get((a, b)) == best[a][b]:
            found.append((rows[a], columns[b]))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return found


def overlap(left: Counter[str], right: Counter[str]) -> float:
    """The share of what both hold in all that they hold; 0 where neither holds anything."""
    whole = (left | right).total()
    return (left & right).total() / whole if whole else 0.0


def covered(part: Counter[str], whole: Counter[str]) -> float:
    """The share of ``part`` that ``whole`` holds too."""
    return (part & whole).total() / part.total() if part else 0.0
