"""The order of index entries: accents do not count, Chinese stands under its Pinyin initial.

makeindex compares bytes.  The keys made here are ASCII, so that entries stand where a reader looks for them.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right

# GB 2312 arranges its first 3,755 characters by Pinyin; these are the first codes of each initial.
INITIALS = (
    (0xB0A1, "a"),
    (0xB0C5, "b"),
    (0xB2C1, "c"),
    (0xB4EE, "d"),
    (0xB6EA, "e"),
    (0xB7A2, "f"),
    (0xB8C1, "g"),
    (0xB9FE, "h"),
    (0xBBF7, "j"),
    (0xBFA6, "k"),
    (0xC0AC, "l"),
    (0xC2E8, "m"),
    (0xC4C3, "n"),
    (0xC5B6, "o"),
    (0xC5BE, "p"),
    (0xC6DA, "q"),
    (0xC8BB, "r"),
    (0xC8F6, "s"),
    (0xCBFA, "t"),
    (0xCDDA, "w"),
    (0xCEF4, "x"),
    (0xD1B9, "y"),
    (0xD4D1, "z"),
)
LEVEL_ONE_END = 0xD7FA
STARTS = tuple(code for code, _ in INITIALS)


def index_key(text: str) -> str:
    """A key for makeindex, free of its special characters."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(_character(c) for c in folded if not unicodedata.combining(c))


def _character(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() or character in " -_." else ""
    try:
        code = int.from_bytes(character.encode("gb2312"), "big")
    except UnicodeEncodeError:
        return f"zz{ord(character):06x}"
    if STARTS[0] <= code < LEVEL_ONE_END:
        return f"{INITIALS[bisect_right(STARTS, code) - 1][1]}{code:04x}"
    return f"zz{ord(character):06x}"
