"""The words in drawings that cells made, in other languages: ``chapters/plots.yml``.

The file reads as ``chapters/glossary.yml`` does.  ``{name}`` in an entry stands for whatever a drawing has in
that place, such as a device; an entry without languages is the same everywhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from bookbuild.config import Book
from bookbuild.errors import Finding
from bookbuild.files import read_text
from bookbuild.translation.book import PLOTS, Term, read_terms

WORD = re.compile(r"[^\W\d_]{2}")
PLACE = re.compile(r"\{([a-z]\w*)\}")
"""for what differs between drawings"""
TEXT = re.compile(r"<text\b[^>]*>([^<]*)</text>")


def speaker(terms: Sequence[Term], language: str) -> Callable[[str], str]:
    """What a label is in the language; the label itself where no entry says."""
    entries = [
        (_pattern(t.english), t.languages[language][0])
        for t in sorted(terms, key=lambda t: len(PLACE.findall(t.english)))  # exact ones first
        if language in t.languages
    ]

    def say(label: str) -> str:
        for pattern, words in entries:
            found = pattern.fullmatch(label)
            if found:
                return PLACE.sub(_taken(found), words)
        return label

    return say


def unlisted(book: Book) -> Iterator[Finding]:
    """Words in stored drawings that the catalogue lacks; nothing for a book without a catalogue."""
    terms = read_terms(book, PLOTS)
    for term in terms:
        for language, (words, *_) in term.languages.items():
            for place in sorted(set(PLACE.findall(words)) - set(PLACE.findall(term.english))):
                problem = (
                    f"the label {words!r} ({language}) has a place {{{place}}} that {term.english!r} lacks"
                )
                yield Finding(PLOTS.as_posix(), 0, problem, "name the places of the English label")
    known = [_pattern(term.english) for term in terms]
    seen: set[str] = set()
    for path in sorted((book.root / "outputs").rglob("*.svg")) if known else ():
        for label in (html.unescape(x).strip() for x in TEXT.findall(read_text(path))):
            if WORD.search(label) and label not in seen and not any(p.fullmatch(label) for p in known):
                seen.add(label)
                problem = f"draws the label {label!r}, which has no translations"
                yield Finding(book.relative(path), 0, problem, f"add it to {PLOTS.as_posix()}", "warning")


def _taken(found: re.Match[str]) -> Callable[[re.Match[str]], str]:
    """For a place in the translation what the label has in the place of that name."""
    return lambda place: found.groupdict().get(place[1], place[0])


@cache
def _pattern(english: str) -> re.Pattern[str]:
    pattern, seen = "", set[str]()
    for number, part in enumerate(PLACE.split(english)):
        if number % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.+)"
            seen.add(part)
    return re.compile(pattern)
