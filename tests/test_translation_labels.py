"""The catalogue of words that stored drawings show."""

from __future__ import annotations

from pathlib import Path

import pytest
from rendering import LINE, copy_book

from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.lint import findings
from bookbuild.render.safe import relabelled
from bookbuild.translation.book import PLOTS, read_terms
from bookbuild.translation.labels import speaker, unlisted

CATALOGUE = """
- {en: loss, pt: perda}
- {en: "{a} on {b}", pt: "{b}: {a}"}
- {en: "a (b)", pt: "b [a]"}
- {en: float32}
"""


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = copy_book(tmp_path)
    (book.root / PLOTS).write_text(CATALOGUE, "utf-8")
    return book


def test_a_label_is_said_in_the_language_and_what_has_no_entry_stays(book: Book):
    say = speaker(read_terms(book, PLOTS), "pt")
    assert [say(x) for x in ("loss", "losses", "float32", "0.5")] == ["perda", "losses", "float32", "0.5"]
    assert say("GFLOP/s on cpu(0)") == "cpu(0): GFLOP/s"
    assert say("a (b)") == "b [a]"
    assert speaker(read_terms(book, PLOTS), "fr")("loss") == "loss"


def test_only_whole_labels_change_and_nothing_else_of_the_drawing():
    words = '<text x="1">loss</text><text>10<tspan>loss</tspan></text><title>loss</title></svg>'
    said = relabelled(LINE.replace("</svg>", words), lambda x: f"<{x}>")
    assert '<text x="1">&lt;loss&gt;</text>' in said
    assert "10<tspan>loss</tspan>" in said and "<title>loss</title>" in said
    assert relabelled(said, lambda x: x) == said


def test_lint_names_a_drawn_word_that_the_catalogue_lacks(book: Book):
    drawing = book.root / "outputs" / "index" / "jax.cpu" / "draw.svg"
    drawing.parent.mkdir(parents=True)
    drawing.write_text(
        "<svg><text>loss</text><text>R&amp;D</text><text>width &gt; 9</text><text>x</text></svg>"
    )
    assert [str(f) for f in unlisted(book)] == [
        "outputs/index/jax.cpu/draw.svg: warning: draws the label 'width > 9', which has no translations; "
        "add it to chapters/plots.yml"
    ]
    (book.root / PLOTS).unlink()
    assert list(unlisted(book)) == []


def test_a_torn_catalogue_is_one_line(book: Book):
    (book.root / PLOTS).write_text("- {en: loss, xx: ?}\n", "utf-8")
    with pytest.raises(BookError) as error:
        list(findings(book))
    assert [f.path for f in error.value.findings] == [PLOTS.as_posix()]
