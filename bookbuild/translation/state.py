"""The record beside a translated page: for every block the English text that it was made from.

One JSON object with the blocks in the order of the translated page, a few lines each.  ``english`` is the
normalised English text, ``translation`` the beginning of the SHA-256 of the normalised translation, by which
a block is known again after it has moved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bookbuild.errors import BookError
from bookbuild.files import digest
from bookbuild.translation.blocks import normalise

FORMAT = 1
SUFFIX = ".state.json"
CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})", re.M)
SHA = re.compile(r"[0-9a-f]{16}")
AGAIN = (
    "restore it from the repository; or delete it, read every block beside the English text, "
    "and run `translate confirm`"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One block of the translated page."""

    kind: str
    english: str
    """normalised"""
    translation: str
    """as ``fingerprint`` gives it"""


@dataclass(frozen=True, slots=True)
class State:
    language: str
    page: str
    entries: tuple[Entry, ...] = ()


def fingerprint(translation: str) -> str:
    return digest(normalise(translation))[:16]


def entry(kind: str, english: str, translation: str) -> Entry:
    return Entry(kind, normalise(english), fingerprint(translation))


def state_path(page: Path) -> Path:
    return page.with_name(page.stem + SUFFIX)


def dump(state: State) -> str:
    head = {"format": FORMAT, "language": state.language, "page": state.page, "blocks": []}
    text = json.dumps(head, ensure_ascii=False, indent=1)
    if not state.entries:
        return text + "\n"
    return text.removesuffix("[]\n}") + "[\n" + ",\n".join(map(_group, state.entries)) + "\n ]\n}\n"


def parse(text: str, path: str | Path, language: str, page: str) -> State:
    """The record of this page in this language.  Raises BookError with the line and the mend."""
    conflict = CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        mend = "keep the groups of both sides, delete the markers; `translate confirm` sorts out the rest"
        raise BookError.at(path, line, "a conflict marker stands in the record of the translation", mend)
    try:
        values = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise BookError.at(path, line, "the record of the translation is not valid JSON", AGAIN) from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        form = values.get("format") if isinstance(values, dict) else None
        mend = f"this program writes format {FORMAT}: bring the clone up to date, or {AGAIN}"
        raise BookError.at(path, 1, f"the record of the translation has format {form!r}", mend)
    if (values.get("language"), values.get("page")) != (language, page):
        whose = f"{values.get('language')}/{values.get('page')}"
        raise BookError.at(path, 1, f"is the record of another page, {whose}", f"move it there, or {AGAIN}")
    return State(language, page, tuple(_entries(values.get("blocks"), path)))


def _group(one: Entry) -> str:
    values = {"kind": one.kind, "english": one.english, "translation": one.translation}
    inside = ",\n".join(f"   {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in values.items())
    return f"  {{\n{inside}\n  }}"


def _entries(values: object, path: str | Path) -> Iterable[Entry]:
    for number, value in enumerate(values if isinstance(values, list) else [None], 1):
        fields = value if isinstance(value, dict) else {}
        kind, english, translation = (fields.get(k) for k in ("kind", "english", "translation"))
        if not (isinstance(kind, str) and isinstance(english, str) and SHA.fullmatch(str(translation))):
            raise BookError.at(path, 0, f"block {number} of the record is incomplete", AGAIN)
        yield Entry(kind, normalise(english), str(translation))
