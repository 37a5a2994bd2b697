"""Lint finds what leads nowhere, and is silent on a sound book."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bookbuild.config import Book, load_book
from bookbuild.errors import BookError
from bookbuild.lint import findings

FIXTURE = Path(__file__).parent / "fixtures" / "book"


@pytest.fixture
def book(tmp_path: Path) -> Book:
    shutil.copytree(FIXTURE, tmp_path / "book")
    return load_book(tmp_path / "book")


def found(book: Book) -> list[str]:
    """All errors but what the absent outputs cause: the fixture has none stored."""
    return [str(f) for f in findings(book) if f.severity == "error" and "make execute" not in f.mend]


def append(book: Book, text: str, language: str = "en") -> int:
    """Add text to a page; returns its line."""
    path = book.page_path(language, "tensors")
    before = path.read_text()
    path.write_text(before + "\n" + text + "\n")
    return before.count("\n") + 2


def test_a_sound_book_gives_no_finding(book: Book):
    assert found(book) == []
    (warning,) = [f for f in findings(book) if f.severity == "warning"]
    assert warning.problem == "blocks of text: 1 missing"  # a reason that the translation borrows


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("See {ref}`sec-none`.", "{ref} names 'sec-none', which is nowhere"),
        ("See {eq}`eq-none`.", "{eq} names 'eq-none', which is nowhere"),
        ("See {numref}`Figure %s <fig-none>`.", "{numref} names 'fig-none', which is nowhere"),
        ("As {cite:t}`nobody1900` says.", "names 'nobody1900', which is nowhere"),
        ("A {term}`nothing`.", "{term} names 'nothing', which no glossary explains"),
        ("A [link](nowhere.md).", "link target 'nowhere.md' does not exist"),
    ],
)
def test_a_reference_that_leads_nowhere_is_found(book: Book, text: str, words: str):
    line = append(book, text)
    (finding,) = found(book)
    assert finding.startswith(f"chapters/en/tensors.md:{line}: ") and words in finding


@pytest.mark.parametrize("text", ["Write `blocks[0](X)`.", "```\nnet[0](X) and {ref}`nowhere`\n```"])
def test_code_is_no_link(book: Book, text: str):
    append(book, text)
    assert found(book) == []


def test_code_that_python_cannot_read_is_found(book: Book):
    path = book.page_path("en", "tensors")
    path.write_text(path.read_text("utf-8").replace("import torch\n", "import torch as\n", 1), "utf-8")
    assert any("'imports' is not valid Python" in x and x.startswith("chapters/en/") for x in found(book))


def test_a_missing_picture_is_found(book: Book):
    line = append(book, "```{figure} none.svg\n:alt: A picture\n\nCaption.\n```")
    (finding,) = found(book)
    assert finding.startswith(f"chapters/en/tensors.md:{line}: ") and "none.svg" in finding


def test_a_label_that_a_translation_lost_or_invented_is_found(book: Book):
    append(book, "(sec-only-here)=\n\nText.", "pt")
    path = book.page_path("pt", "tensors")
    path.write_text(path.read_text().replace("(sec-tensors)=\n", ""))
    text = "\n".join(found(book))
    assert "label 'sec-tensors' of the English page is missing" in text
    assert "label 'sec-only-here' is not in the English page" in text


def test_a_page_outside_the_table_of_contents_is_found(book: Book):
    book.page_path("en", "stray").write_text("# Stray\n")
    (finding,) = found(book)
    assert finding.startswith("chapters/en/stray.md: is not in _toc.yml")


def test_a_page_that_is_not_in_canonical_form_is_found(book: Book):
    path = book.page_path("en", "tensors")
    path.write_text(
        path.read_text().replace("data: [small.csv]\nkernelspec", "zeta: 1\ndata: [small.csv]\nkernelspec")
    )
    (finding,) = found(book)
    assert "make fmt" in finding


def test_a_library_out_of_step_is_found(book: Book):
    (book.root / "d2l" / "jax.py").write_text("")
    assert any(x.startswith("d2l/jax.py: differs") for x in found(book))


def test_a_term_that_stands_in_the_glossary_twice_is_found(book: Book):
    line = append(
        book, "```{glossary}\nbatch\n  Several examples.\n\nlayer\n  A step.\n\nbatch\n  Again.\n```"
    )
    (finding,) = found(book)
    assert finding.startswith(
        f"chapters/en/tensors.md:{line + 7}: the term 'batch' stands in the glossary already"
    )
    assert f"in line {line + 1};" in finding


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("\n}", "\n", 1), "cannot be read here"),
        (lambda text: text + text, "repeated bibliography entry"),
    ],
)
def test_a_torn_list_of_references_is_found(book: Book, change, says: str):
    path = book.root / "chapters" / "references.bib"
    path.write_text(change(path.read_text()) + "\n@misc{last, title = {T}, year = {2000}}\n")
    assert any(x.startswith("chapters/references.bib") and says in x for x in found(book))


@pytest.mark.parametrize(
    "torn", ["- {en: a, pt: [", "- {en: a, nota: b}", "- {en: a}\n- {en: a}", "- {en: a, pt: on}"]
)
def test_a_torn_glossary_is_the_first_thing_that_lint_says(book: Book, torn: str):
    (book.root / "chapters" / "glossary.yml").write_text(torn)
    with pytest.raises(BookError) as error:
        found(book)
    assert [f.path for f in error.value.findings] == ["chapters/glossary.yml"]


@pytest.mark.parametrize("sign", ["\x00", "\x0c", "\x1b"])
def test_a_control_character_is_found_on_its_line(book: Book, sign: str):
    line = append(book, f"A {sign} sign.")
    assert (
        f"chapters/en/tensors.md:{line}: holds the control character U+{ord(sign):04X}; delete it"
        in found(book)
    )
