"""Whether a translated text says the agreed words for the terms of its English text.

Pure.  Word forms are recognised by their beginnings, since endings follow number, gender and affixes; Chinese
has none.  Of overlapping English terms the longest counts: *batch normalization* is not also *batch*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

Missing = tuple[str, tuple[str, ...]]
Check = Callable[[str, str], Iterator[Missing]]
"""from the prose of an English text and the translated text: the terms that none of their forms stands for"""
UNSPACED = ("zh",)
PREFIXING = ("id",)
SHORT = 3
"""letters of a word that are kept in any case"""
MIDDLING = 6
ENDING = 2
"""letters at the end of a longer word that its forms may change; of one up to the middling length, one"""


def checker(words: Mapping[str, tuple[str, ...]], language: str) -> Check:
    """A check for these terms; ``words`` gives for each English one the forms that are right."""
    longest_first = sorted(words, key=len, reverse=True)
    english = {term.lower(): re.compile(_english(term), re.IGNORECASE) for term in longest_first}
    any_term = re.compile("|".join(f"(?:{p.pattern})" for p in english.values()) or r"(?!)", re.IGNORECASE)
    own = {
        term.lower(): re.compile("|".join(_own(form, language) for form in forms), re.IGNORECASE)
        for term, forms in words.items()
    }

    def check(text: str, translated: str) -> Iterator[Missing]:
        found = {match[0] for match in any_term.finditer(text)}
        for term in (t for t, pattern in english.items() if any(pattern.fullmatch(x) for x in found)):
            if not own[term].search(translated):
                yield term, next(forms for t, forms in words.items() if t.lower() == term)

    return check


def _english(term: str) -> str:
    """The term in the singular or the plural, with spaces or hyphens between its words; no part of a path."""
    words = r"[\s-]+".join(map(re.escape, re.split(r"[\s-]+", term)))
    words = words[:-1] + "(?:y|ies)" if words.endswith("y") else words + "(?:s|es)?"
    return rf"(?<![\w/-]){words}(?![\w/-])"


def _own(form: str, language: str) -> str:
    if language in UNSPACED:
        return re.escape(form)
    words = r"[\s-]+".join(re.escape(_stem(word)) + r"\w*" for word in re.split(r"[\s-]+", form))
    return words if language in PREFIXING else rf"(?<!\w){words}"


def _stem(word: str) -> str:
    return word if len(word) <= SHORT else word[: len(word) - (ENDING if len(word) > MIDDLING else 1)]
