"""A page's text becomes blocks that can be put back byte for byte."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookbuild.config import load_book
from bookbuild.translation.blocks import Landmark, TextBlock, blocks, elements, write

ROOT = Path(__file__).parent.parent
BOOK = load_book(ROOT)
EXTENSIONS = ("colon_fence", "dollarmath", "amsmath", "deflist", "fieldlist")
PAGES = sorted((ROOT / "chapters").rglob("*.md"))


def found(text: str) -> tuple[TextBlock, ...]:
    return blocks(elements(text, BOOK.framework_keys, EXTENSIONS))


def seen(text: str) -> list[tuple[str, str]]:
    return [(b.kind, b.text) for b in found(text)]


def put_back(text: str) -> None:
    parts = found(text)
    assert write(text, {}) == text
    assert write(text, {b: text[b.start : b.end] for b in parts}) == text
    assert all(a.end <= b.start for a, b in pairwise(parts))
    assert all(b.text.strip() and text[b.start : b.end].strip() for b in parts)
    assert all(b.line == text.count("\n", 0, b.start) + 1 for b in parts)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(ROOT / "chapters").as_posix())
def test_every_page_of_the_book_comes_back_byte_for_byte(path: Path):
    put_back(path.read_text("utf-8"))


PIECES = st.sampled_from(
    [
        *(
            "# Title",
            "## {ref}`a` and $x$",
            "Setext\n===",
            "A paragraph\nof two lines.",
            "- one\n- two\n  more",
        ),
        *(
            "1. first\n2. second\n   - inner",
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "> quoted\nlazily",
            "(label)=",
            "***",
        ),
        *(
            "$$\nx = 1\n$$ (eq-x)",
            "```{code-cell}\n:alt: A line.\n:name: c\n\n\n```",
            "% translate",
            "%",
            "\\",
        ),
        *(
            "```{code-cell}\n---\nalt: 'It''s a\n  line: two'\nname: c\n---\n\n```",
            "```{note}",
            "```",
            "````",
        ),
        *(
            "```{figure} x.svg\n:alt: What it shows\n:name: f\n\nCaption.\n\nLegend.\n```",
            ":::{tip}\nText\n:::",
        ),
        *(
            "```{exercise-start} Name it\n:label: e\n```",
            "```{exercise-end}\n```",
            "<" * 7 + " HEAD",
            "\u200b",
            "\t- x",
        ),
        *(
            "````{tab-set}\n:sync-group: framework\n\n```{tab-item} JAX\n:sync: jax\n\nText.\n```\n````",
            "    code",
        ),
        *(
            "```{glossary}\nterm\n  What it is.\n\nother\nsame\n  Both.\n```",
            "```{unavailable} mxnet\n:name: c\n\nWhy\n```",
        ),
        *(
            "Term\n: meaning",
            ":field: text",
            "[^1]: A note.",
            "<div>\n\nText\n\n</div>",
            "```{x\n",
            "---",
            "```{}\n```",
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=8), st.sampled_from(["\n\n", "\n"]), st.sampled_from(["", "\n", "\n\n"]))
def test_pages_of_any_pieces_come_back_byte_for_byte(pieces: list[str], joint: str, end: str):
    put_back(joint.join(pieces) + end)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab :`{}~-=|#*>\n\t$%()[]é。0.\x0b\x85\u2028\u200b", max_size=80))
def test_any_text_comes_back_byte_for_byte(text: str):
    put_back(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## A title\n", [("heading", "A title")]),
        ("Title\n=====\n", [("heading", "Title")]),
        ("One\ntwo.\n\nThree.\n", [("paragraph", "One\ntwo."), ("paragraph", "Three.")]),
        ("- a\n  b\n- c\n", [("item", "a\n  b"), ("item", "c")]),
        ("9. a\n10. b\n", [("item", "a"), ("item", "b")]),
        ("|a|\n|---|\n|b|\n", [("table", "|a|\n|---|\n|b|")]),
        (
            "```{figure} x.svg\n:alt: Shows\n:name: f\n\nCaption.\n\nLegend.\n```\n",
            [("alt", "Shows"), ("caption", "Caption."), ("paragraph", "Legend.")],
        ),
        ("```{code-cell}\n:alt: A line.\n:name: c\n\nprint(1)\n```\n", [("alt", "A line.")]),
        ('```{code-cell}\n:alt: "A line: up"\n:name: c\n\n\n```\n', [("alt", "A line: up")]),
        ("```{code-cell}\n---\nalt: A line\n  and more\nname: c\n---\n\n```\n", [("alt", "A line and more")]),
        (
            "```{exercise-start} Name it\n:label: e\n```\n\nDo.\n",
            [("title", "Name it"), ("paragraph", "Do.")],
        ),
        ("```{solution-start} e\n:class: dropdown\n```\n", []),
        ("```{note}\nA\n\n- b\n```\n", [("paragraph", "A"), ("item", "b")]),
        ("```{tab-item} JAX\n:sync: jax\n\nText.\n```\n", [("paragraph", "Text.")]),
        ("```{tab-item} By hand\n\nText.\n```\n", [("title", "By hand"), ("paragraph", "Text.")]),
        ("```{unavailable} mxnet\n:name: c\n\nWhy.\n\nBecause.\n```\n", [("reason", "Why.\n\nBecause.")]),
        ("```{glossary}\na\n  One.\n\nb\n  Two.\n```\n", [("entry", "a\n  One."), ("entry", "b\n  Two.")]),
        ("$$\nx\n$$ (eq)\n\n```python\nx\n```\n\n(label)=\n", []),
    ],
)
def test_a_block_is_what_a_translator_translates(text: str, expected: list[tuple[str, str]]):
    assert seen(text) == expected


def test_other_text_takes_a_blocks_place():
    text = "# A\n\n- b\n- c\n\n```{code-cell}\n:alt: d\n:name: x\n\n\n```\n"
    assert write(text, {b: b.text.upper() for b in found(text)}) == text.replace("b\n", "B\n").replace(
        "- c", "- C"
    ).replace(":alt: d", ":alt: D")


def test_labels_cells_and_tabs_are_landmarks():
    text = "(a)=\n# A\n\n```{code-cell}\n:name: c\n\n\n```\n\n```{tab-item} JAX\n:sync: jax\n\nT\n```\n"
    marks = [
        (x.kind, x.key) for x in elements(text, BOOK.framework_keys, EXTENSIONS) if isinstance(x, Landmark)
    ]
    assert marks == [("label", "label:a"), ("cell", "cell:c"), ("tab-item jax", "")]


def test_the_marker_counts_for_the_next_piece_alone():
    text = (
        "% translate\n(a)=\n# A\n\n% translate\n- b\n- c\n\nD\n\n% translate\n```{note}\nE\n\nF\n```\n\nG\n"
    )
    assert [b.text for b in found(text) if b.marked] == ["A", "b", "c", "E", "F"]
