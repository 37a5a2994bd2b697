"""Sphinx's warnings become findings: file, line, what is wrong, how to mend it."""

from __future__ import annotations

import pytest
from rendering import copy_book

from bookbuild.render.findings import findings


@pytest.fixture
def book(tmp_path):
    return copy_book(tmp_path)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            "\x1b[91m{root}/chapters/en/tensors.md:7: WARNING: undefined label: 'sec-x'\x1b[39;49;00m\n",
            "chapters/en/tensors.md:7: undefined label: 'sec-x'; "
            "mend the name, or write the label `(name)=` above its heading",
        ),
        (
            "{root}/chapters/pt/tensors.md:9: WARNING: "
            "image file not readable: ../x.svg [image.not_readable]\n",
            "chapters/pt/tensors.md:9: image file not readable: ../x.svg; "
            "mend the path, or draw the picture with `.venv/build/bin/python -m figures.draw`",
        ),
        (
            "{root}/chapters/en/tensors: WARNING: undefined label: ex-none\n",
            "chapters/en/tensors.md: undefined label: ex-none; "
            "mend the name, or write the label `(name)=` above its heading",
        ),
        (
            "WARNING: [etoc] Unknown keys found: {{'x'}}\n",
            "_toc.yml: [etoc] Unknown keys found: {{'x'}}; mend the entry in _toc.yml",
        ),
        (
            "WARNING: unknown config value 'x' in override, ignoring\n",
            "_config.yml: unknown config value 'x' in override, ignoring; mend it there",
        ),
        (
            "{root}/chapters/en/tensors.md:3: ERROR: two\nlines.\n",
            "chapters/en/tensors.md:3: two lines; mend it there",
        ),
    ],
)
def test_a_warning_names_its_place_and_the_mend(book, record, said):
    found = findings(book, [record.format(root=book.root)])
    assert [str(f) for f in found] == [said.format()]


def test_the_same_warning_is_said_once_and_places_are_in_order(book):
    records = [f"{book.root}/chapters/en/tensors.md:{line}: WARNING: x\n" for line in (9, 7, 9)]
    assert [f.line for f in findings(book, records)] == [7, 9]


def test_a_language_says_in_english_what_its_words_do_not_say_yet(monkeypatch):
    from bookbuild.render import strings

    english = strings.strings("en")
    partial = {"en": english, "es": {"search": "Buscar"}}
    monkeypatch.setattr(strings, "catalogue", lambda: partial)
    assert strings.strings("es") == {**english, "search": "Buscar"}
    assert strings.strings("xx") == english
