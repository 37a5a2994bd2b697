"""A translator begins a page, sees what is next, says that a translation holds; bad input is one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from notebook_books import copy_book

from bookbuild.config import Book, load_book
from bookbuild.errors import BookError
from bookbuild.lint import findings
from bookbuild.pages import check, load_page, parse
from bookbuild.pages.canonical import canonical
from bookbuild.translation import status
from bookbuild.translation.book import load_translation, page_elements
from bookbuild.translation.compare import compare
from bookbuild.translation.work import (
    confirm,
    describe,
    new_page,
    side_by_side,
    tasks,
    write_new,
    write_state,
)

ROOT = Path(__file__).resolve().parent.parent
SENTENCE = "The header does not count."


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return copy_book(tmp_path)


def change(book: Book, old: str, new: str, language: str = "en", page: str = "tensors") -> None:
    path = book.page_path(language, page)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def run(book: Book, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}", **variables}
    command = [sys.executable, "-m", "bookbuild", *words]
    return subprocess.run(
        command, cwd=book.root, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def open_blocks(book: Book, page: str = "tensors", language: str = "pt") -> list[tuple[str, str]]:
    translation = load_translation(book, language, page)
    pairs = [p for p in translation.pairs if p.english is None or p.english.kind != "reason"]
    return [(p.state, p.note) for p in pairs if p.state != "fresh"]  # the fixture borrows the reason


def test_one_changed_word_is_one_stale_block_everywhere(book: Book):
    change(book, SENTENCE, "The first line does not count.")
    _, stale = next(x for x in status.lines(book, ["pt"], ["tensors"])).open
    assert (stale["state"], stale["note"], stale["kind"]) == ("stale", "changed", "paragraph")
    (warning,) = [f for f in findings(book) if f.severity == "warning" and f.line]
    line = book.page_path("pt", "tensors").read_text("utf-8").split("O cabeçalho")[0].count("\n") + 1
    assert str(warning).startswith(f"chapters/pt/tensors.md:{line}: warning: the English text has changed")
    task = next(tasks(book, "pt", book.pages))
    said = describe(book, task)
    assert "[-header-]" in said and "{+first+} {+line+}" in said and "O cabeçalho não conta." in said
    assert f"translate confirm pt tensors {line}" in said


def test_strict_makes_a_stale_block_an_error(book: Book):
    change(book, SENTENCE, "The first line does not count.")
    strict = run(book, "lint", BOOK_STRICT="1")
    assert strict.returncode == 1 and "warning: the English text has changed" in strict.stderr


def test_confirming_all_leaves_what_nobody_touched(book: Book):
    change(book, SENTENCE, "The first line does not count.")
    done = confirm(book, "pt", "tensors")
    (left,) = done.left
    assert "the English text has changed and the translation has not" in left.problem
    write_state(book, done.state)
    assert open_blocks(book) == [("stale", "changed")]
    write_state(book, confirm(book, "pt", "tensors", [str(left.line)]).state)
    assert open_blocks(book) == []


def test_confirming_all_takes_what_was_brought_up_to_date(book: Book):
    change(book, SENTENCE, "The first line does not count.")
    change(book, "O cabeçalho não conta.", "A primeira linha não conta.", "pt")
    done = confirm(book, "pt", "tensors")
    assert not done.left
    write_state(book, done.state)
    assert open_blocks(book) == []


def test_a_new_page_is_sound_and_all_missing(book: Book):
    book.page_path("pt", "tensors").unlink()
    book.page_path("pt", "tensors").with_name("tensors.state.json").unlink()
    write_new(book, "pt", "tensors")
    english, own = load_page(book, "en", "tensors"), load_page(book, "pt", "tensors")
    assert check(own, english) == ()
    assert "import torch" not in own.text and own.text.count("% translate") > 5
    assert set(open_blocks(book)) == {("missing", "untranslated")}
    assert [f for f in findings(book) if f.severity == "error" and "make execute" not in f.mend] == []
    first = next(tasks(book, "pt", book.pages))
    assert first.docname == "tensors" and first.pair.note == "untranslated"


def test_a_new_page_shows_the_languages_own_drawings_where_there_are_some(book: Book):
    figure = "```{{figure}} ../../figures/{}/{}.svg\n:alt: A drawing that says something.\n```\n"
    english = book.page_path("en", "tensors")
    english.write_text(
        english.read_text("utf-8") + figure.format("en", "one") + figure.format("en", "two"), "utf-8"
    )
    (book.root / "figures" / "pt").mkdir(parents=True)
    (book.root / "figures" / "pt" / "one.svg").write_text("<svg/>", "utf-8")
    text = new_page(book, "pt", "tensors")
    assert "figures/pt/one.svg" in text and "figures/en/two.svg" in text


def test_the_text_of_a_new_page_can_be_translated_piece_by_piece(book: Book):
    book.page_path("pt", "tensors").unlink()
    book.page_path("pt", "tensors").with_name("tensors.state.json").unlink()
    write_new(book, "pt", "tensors")
    change(book, f"% translate\n{SENTENCE}", "O cabeçalho não conta.", "pt")
    done = confirm(book, "pt", "tensors")
    assert done.count == 1
    write_state(book, done.state)
    line = next(x for x in status.lines(book, ["pt"], ["tensors"]))
    assert (line.blocks["fresh"], line.blocks["stale"]) == (1, 0) and line.blocks["missing"] > 5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("confirm", "xx", "tensors"), "LANG=xx: 'xx' is unknown; known: "),
        (("confirm", "en", "tensors"), "LANG=en: 'en' is unknown; known: "),
        (("confirm", "pt", "tensor"), "'tensor' is unknown; did you mean 'tensors'?"),
        (
            ("confirm", "pt", "references"),
            "chapters/pt/references.md: the page does not exist; begin it with",
        ),
        (("confirm", "pt", "tensors", "title"), "'title' names no block; give the number of a line"),
        (("confirm", "pt", "tensors", "9999"), "chapters/pt/tensors.md:9999: no block stands here"),
        (("new", "pt", "tensors"), "chapters/pt/tensors.md: the page exists already"),
        (("new", "pt", "nothing"), "'nothing' is unknown"),
        (("next", "xx"), "'xx' is unknown"),
        (("move", "tensors", "nowhere"), "NEW=nowhere: 'nowhere' is unknown"),
    ],
)
def test_a_wrong_word_is_one_clear_line(book: Book, words: tuple[str, ...], says: str):
    done = run(book, "translate", *words)
    assert done.returncode == 1 and says in done.stderr and len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_confirm_refuses_what_lint_rejects(book: Book):
    change(book, "(sec-tensors)=\n", "", "pt")
    before = (book.root / "chapters/pt/tensors.state.json").read_bytes()
    done = run(book, "translate", "confirm", "pt", "tensors")
    assert done.returncode == 1 and "label 'sec-tensors' of the English page is missing" in done.stderr
    assert (book.root / "chapters/pt/tensors.state.json").read_bytes() == before


def test_confirm_refuses_what_the_parity_lint_rejects(book: Book):
    change(book, "guarda números", 'guarda "números', "pt")
    done = run(book, "translate", "confirm", "pt", "tensors")
    assert done.returncode == 1 and "a straight quotation mark" in done.stderr
    assert "nothing was confirmed" in done.stderr


def test_confirm_refuses_a_translation_of_what_no_longer_exists(book: Book):
    change(book, SENTENCE, "")
    line = book.page_path("pt", "tensors").read_text("utf-8").split("O cabeçalho")[0].count("\n") + 1
    with pytest.raises(BookError, match="the English page has no such block"):
        confirm(book, "pt", "tensors", [str(line)])
    assert any("translates a block that the English page does not have" in str(f) for f in findings(book))


@pytest.mark.parametrize(
    ("change_record", "says"),
    [
        (lambda t: "<" * 7 + " HEAD\n" + t, ":1: a conflict marker stands in the record"),
        (
            lambda t: t.replace('"page": "tensors"', '"page": "index"'),
            ":1: is the record of another page, pt/index",
        ),
        (lambda t: t[:50], "the record of the translation is not valid JSON"),
    ],
)
def test_a_damaged_record_is_one_clear_line_for_lint_status_and_confirm(book: Book, change_record, says: str):
    path = book.root / "chapters/pt/tensors.state.json"
    path.write_text(change_record(path.read_text("utf-8")), "utf-8")
    (finding,) = [f for f in findings(book) if f.path.endswith(".json")]
    assert says in str(finding) and str(finding).startswith("chapters/pt/tensors.state.json")
    confirmed = run(book, "translate", "confirm", "pt", "tensors")
    assert confirmed.returncode == 1 and says in confirmed.stderr and len(confirmed.stderr.splitlines()) == 1
    listed = run(book, "translate-status", BOOK_LANGS="pt")
    assert listed.returncode == 0 and says in listed.stdout


def test_a_renamed_english_page_offers_the_move_and_the_move_keeps_everything(book: Book):
    english = book.page_path("en", "tensors")
    english.rename(english.with_name("arrays.md"))
    toc = book.root / "_toc.yml"
    toc.write_text(toc.read_text("utf-8").replace("tensors", "arrays"), "utf-8")
    book = load_book(book.root)
    said = [str(f) for f in findings(book) if f.path == "chapters/pt/tensors.state.json"]
    assert len(said) == 1 and "is the record of a page that is not in _toc.yml" in said[0]
    assert "now arrays: run `python -m bookbuild translate move tensors arrays`" in said[0]
    assert run(book, "translate", "move", "tensors", "arrays").returncode == 0
    assert open_blocks(book, "arrays") == []
    assert not book.page_path("pt", "tensors").exists()


def test_a_record_without_its_page_is_found(book: Book):
    book.page_path("pt", "tensors").unlink()
    (finding,) = [f for f in findings(book) if f.path.endswith(".json")]
    assert "is the record of a page that does not exist" in finding.problem


def test_a_sixth_language_is_one_entry_and_a_folder(book: Book):
    config = book.root / "_config.yml"
    entry = "      de: {title: Deutsch, sphinx: de, html: de, book_title: Ein kleines Buch}\n"
    text = config.read_text("utf-8")
    head = "bookbuild_languages:\n"
    config.write_text(text.replace(head, head + entry), "utf-8")
    book = load_book(book.root)
    assert "de" in book.language_keys
    assert run(book, "translate", "new", "de", "tensors").returncode == 0
    lines = {x.page: x for x in status.lines(book, ["de"])}
    assert lines["tensors"].exists and not lines["index"].exists
    assert lines["tensors"].percent("missing") == 100


def test_status_for_programs_and_for_people(book: Book):
    listed = json.loads(run(book, "translate", "status", "--json").stdout)
    assert {(x["language"], x["page"]) for x in listed if x["blocks"].get("fresh")} == {
        ("pt", "index"),
        ("pt", "tensors"),
    }
    assert "100%" in run(book, "translate-status", BOOK_LANGS="pt", BOOK_PAGES="index").stdout


def test_the_sites_status_page_has_the_translations(book: Book):
    from bs4 import BeautifulSoup

    from bookbuild.render.front import status as status_page

    change(book, SENTENCE, "The first line does not count.")
    rows = BeautifulSoup(status_page(book), "html.parser").select("#translations ~ .wide tbody tr")
    assert [row.select("td")[0].get_text() for row in rows] == ["all pages", "index", "tensors", "references"]
    assert "100%" in rows[1].get_text() and "1 (" in rows[2].select("td")[2].get_text()


def test_percentages_are_whole_only_when_all_is():
    assert [status.percent(x, 1000) for x in (0, 1, 500, 999, 1000)] == [0, 1, 50, 99, 100]
    assert status.percent(0, 0) == 0


def test_words_that_changed_stand_out():
    rows = side_by_side("one two three", "one two four", 60)
    assert "[-three-]" in rows[1].split("|")[0] and "{+four+}" in rows[1].split("|")[1]


def test_every_page_of_the_book_can_be_begun(tmp_path: Path):
    book = load_book(ROOT)
    for docname in book.pages:
        english = load_page(book, "en", docname)
        text = new_page(book, "fr", docname)
        own = parse(text, tmp_path / "page.md", "fr", docname, book.framework_keys, book.myst_extensions)
        assert check(own, english) == () and canonical(text) == text
        assert {x.name for x in own.labels} == {x.name for x in english.labels}
        pairs = compare(page_elements(book, english), page_elements(book, own), None)
        assert {(p.state, p.note) for p in pairs} <= {("missing", "untranslated")}
        assert all(p.own.marked for p in pairs)


def test_two_confirmations_at_once_both_count(book: Book):
    change(book, SENTENCE, "The first line does not count.")
    change(book, "cannot be changed in place.", "cannot be altered in place.")
    lines = [str(f.line) for f in confirm(book, "pt", "tensors").left]
    assert len(lines) == 2
    words = [sys.executable, "-m", "bookbuild", "translate", "confirm", "pt", "tensors"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen([*words, line], cwd=book.root, env=environment) for line in lines]
    assert [p.wait(120) for p in both] == [0, 0]
    assert open_blocks(book) == []
