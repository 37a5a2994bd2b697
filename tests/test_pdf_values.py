"""Order of the index, TeX's log as findings, words and settings of each language."""

from __future__ import annotations

from pathlib import Path

import pytest

from bookbuild.config import Framework, Language, load_book
from bookbuild.render.pdf import inputs_key
from bookbuild.render.pdf.order import index_key
from bookbuild.render.pdf.settings import WORDS, edition, escape, latex_elements, words_of
from bookbuild.render.pdf.tex import failure, faults, overfull, place

ROOT = Path(__file__).parent.parent
TEX = r"""\begin{document}
%% page index:3
Some text \ref{nowhere}.
%% page chapter/page:41
A line with ☃ in it.
\undefinedmacro
"""


def test_accents_do_not_move_an_index_entry():
    assert index_key("Évaluation") == index_key("evaluation")
    assert sorted(["zéro", "état", "fin"], key=index_key) == ["état", "fin", "zéro"]


def test_chinese_index_entries_stand_under_their_pinyin_initial():
    initials = {"层": "c", "参数": "c", "模块": "m", "张量": "z", "激活": "j", "权重": "q", "批量": "p"}
    for word, initial in initials.items():
        assert index_key(word)[0] == initial
    assert sorted(["张量", "模块", "层"], key=index_key) == ["层", "模块", "张量"]


@pytest.mark.parametrize("text", ['a"b', "a@b", "a!b", "a|b", "{x}", "α", "𠮷", "鑫"])
def test_an_index_key_holds_nothing_that_makeindex_would_read(text):
    key = index_key(text)
    assert key.isascii()
    assert not set(key) & set('"@!|{}')


def test_a_tex_error_names_the_page_and_its_line(tmp_path):
    (tmp_path / "book.tex").write_text(TEX, "utf-8")
    log = "blah\n./book.tex:6: Undefined control sequence.\nl.6 \\undefinedmacro\n\nNo pages of output.\n"
    finding = failure(log, tmp_path, "book")
    assert (finding.path, finding.line) == ("chapter/page", 41)
    assert "Undefined control sequence" in finding.problem


def test_a_tex_error_without_a_place_shows_the_last_lines_of_the_log(tmp_path):
    finding = failure("one\ntwo\nno room for a new thing\nemergency stop\n", tmp_path, "book")
    assert "emergency stop" in finding.problem
    assert finding.path == "book.tex"


def test_a_missing_character_is_a_finding_at_the_line_that_has_it():
    log = (
        "Missing character: There is no ☃ (U+2603) in font [texgyrepagella-regular.otf]/OT:script=latn!\n" * 3
    )
    found = tuple(faults(log, TEX))
    assert [(f.path, f.line) for f in found] == [("chapter/page", 41)]
    assert "U+2603" in found[0].problem


@pytest.mark.parametrize(
    "line",
    [
        "LaTeX Warning: Reference `nowhere' on page 3 undefined on input line 3.",
        "Package hyperref Warning: Hyper reference `nowhere' on page 3 undefined on input line 3.",
        "LaTeX Warning: Hyper reference `nowhere' on page 3 undefined on input line 3.",
    ],
)
def test_an_undefined_reference_is_a_finding_on_its_page(line):
    (found,) = faults(line + "\n", TEX)
    assert (found.path, found.line) == ("index", 3)
    assert "'nowhere'" in found.problem


def test_a_quiet_log_has_no_faults():
    assert tuple(faults("Underfull \\hbox (badness 1000)\nLaTeX Font Info: nothing\n", TEX)) == ()


def test_lines_in_the_margin_are_found_with_their_size():
    log = "Overfull \\hbox (33.5pt too wide) in paragraph at lines 5--6\n"
    log += "Overfull \\hbox (1.0pt too wide) in x\n"
    (found,) = overfull(log, TEX, least=2)
    assert (found.place, found.points) == ("chapter/page:41", 33.5)


def test_a_line_before_any_page_has_no_place():
    assert place(TEX, 1) == ("", 0)


def test_every_language_of_the_book_has_its_words():
    book = load_book(ROOT)
    assert set(book.language_keys) <= set(WORDS)
    for language in book.languages:
        named = words_of(language).edition.format("JAX")
        assert "JAX" in named
        assert f"main={words_of(language).babel}" in latex_elements(language)["babel"]


def test_a_language_without_words_is_set_in_english_ones():
    new = Language("sw", "Kiswahili", "sw", "sw", "Kitabu")
    assert words_of(new) == WORDS["en"]


def test_the_edition_names_framework_language_and_version():
    book = load_book(ROOT)
    preamble = edition(book, book.language("zh"), Framework("jax", "JAX", "jax"))
    assert r"\newcommand{\bookedition}{JAX 版}" in preamble
    assert "pdflang={zh-CN}" in preamble
    assert book.version in preamble


def test_latex_reads_titles_as_they_are_written():
    assert escape("50% of A&B_{x}~") == r"50\% of A\&B\_\{x\}\textasciitilde{}"


def test_a_changed_drawing_changes_the_key_of_its_book(tmp_path):
    (tmp_path / "book.tex").write_text(r"\sphinxincludegraphics[width=3cm]{{drawn}.pdf}", "utf-8")
    (tmp_path / "drawn.pdf").write_bytes(b"one")
    (tmp_path / "other.pdf").write_bytes(b"one")
    before = inputs_key(tmp_path, "book")
    (tmp_path / "other.pdf").write_bytes(b"two")
    assert inputs_key(tmp_path, "book") == before
    (tmp_path / "drawn.pdf").write_bytes(b"two")
    assert inputs_key(tmp_path, "book") != before
