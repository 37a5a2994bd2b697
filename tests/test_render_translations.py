"""A page shows what of its translation is older than the English text, and what is English still."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from rendering import build_site, copy_book, put_all_outputs

from bookbuild.config import Book
from bookbuild.render import notebooks, pdf
from bookbuild.translation.work import confirm, write_new, write_state

pytestmark = pytest.mark.sphinx

MORE = {
    "en": """
## More of it

- One item that stays as it is.
- Another item that will change soon.

| a | b |
|---|---|
| one | two |

```{figure} line.svg
:alt: A line that rises.
:name: fig-line

A caption of the line.
```

```{glossary}
batch
  Several examples.

layer
  A step of a network.
```
""",
    "pt": """
## Mais disso

- Um item que fica como está.
- Outro item que vai mudar logo.

| a | b |
|---|---|
| um | dois |

```{figure} ../en/line.svg
:alt: Uma linha que sobe.
:name: fig-line

Uma legenda da linha.
```

```{glossary}
camada
  Um passo de uma rede.

lote
  Vários exemplos.
```
""",
}
CHANGES = (
    (
        "The header does not count.",
        "The first line does not count; see {eq}`eq-sum`.\n\nA new closing sentence.",
    ),
    ("## Making one", "## Making a tensor"),
    ("cannot be changed in place.", "cannot be altered in place."),
    ("rises from 0 to 9", "goes from 0 to 9"),
    ("## What goes wrong", "New after the drawing.\n\n## What goes wrong"),
    ("will change soon.", "has changed by now.\n- A third item."),
    ("| one | two |", "| one | three |"),
    ("A caption of", "The caption of"),
    ("A line that rises", "A curve that rises"),
    ("  A step of a network.", "  A step in a network.\n\nweight\n  A factor, unlike a {term}`bias`."),
)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = copy_book(tmp_path_factory.mktemp("translations"))
    put_all_outputs(book)
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"><path d="M0 0 9 9"/></svg>'
    (book.root / "chapters" / "en" / "line.svg").write_text(drawing)
    terms = "- {en: batch, pt: lote}\n- {en: layer, pt: camada}\n"
    (book.root / "chapters" / "glossary.yml").write_text(terms)
    for language, text in MORE.items():
        path = book.page_path(language, "tensors")
        path.write_text(path.read_text("utf-8") + text, "utf-8")
    references = book.page_path("en", "references")
    references.write_text(references.read_text("utf-8") + "\nOne {term}`batch`.\n", "utf-8")
    write_state(book, confirm(book, "pt", "tensors").state)
    english = book.page_path("en", "tensors")
    text = english.read_text("utf-8")
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new)
    english.write_text(text, "utf-8")
    return book


@pytest.fixture(scope="module")
def page(book: Book) -> BeautifulSoup:
    site = build_site(book, "pt")
    return BeautifulSoup((site / "pt" / "tensors.html").read_text("utf-8"), "html.parser")


def stale(page: BeautifulSoup) -> dict[str, str]:
    """The present English texts, by the beginning of the translation that each stands beside."""
    found = {}
    for details in page.select("details.english-now"):
        text = details.select_one(".english-text")
        assert text["lang"] == "en"
        before = details.find_previous_sibling()
        before = before.get_text() if before else details.parent.get_text()
        found[before.strip().split("\n")[0].split(". ")[-1].lstrip("0123456789. ")[:14]] = " ".join(
            text.get_text().split()
        )
    return found


def test_the_present_english_text_stands_beside_what_is_stale(page: BeautifulSoup):
    found = stale(page)
    assert found["O cabeçalho nã"] == "The first line does not count; see (1.1)."
    assert found["O array não po"] == "The array cannot be altered in place."
    assert found["Criar um tenso"] == "Making a tensor"
    assert found["Outro item que"] == "Another item that has changed by now."
    assert "A straight line that goes from 0 to 9 in three steps." in found.values()
    assert "The caption of the line." in found.values()
    assert "A curve that rises." in found.values()
    assert found["Um passo de um"].endswith("A step in a network.")
    assert any("three" in x for x in found.values())
    assert len(found) >= 8 and len(page.select("details.english-now")) == 9


def test_what_is_stale_is_marked_and_still_shown(page: BeautifulSoup):
    marked = {x.name for x in page.select(".translation-stale")}
    assert {"p", "li", "figure", "table"} <= marked
    assert page.find("p", string="O cabeçalho não conta.")


def test_what_is_missing_stands_in_english_in_its_place(page: BeautifulSoup):
    texts = page.select("div.english-text.not-translated")
    assert [" ".join(x.get_text().split())[:22] for x in texts if x["lang"] == "en"] == [
        "New after the drawing.",
        "A new closing sentence",
        "A third item.",
        "weight#A factor, unlik",
    ]
    drawing = page.select_one("#cell-draw")
    assert drawing.find_next(string="New after the drawing.").find_next("h2").get_text().find("O que dá") > 0
    assert texts[2].parent.name == "li" and len(texts[2].parent.parent.find_all("li", recursive=False)) == 3
    assert page.select_one("#term-weight").find_parent("dd") is None


def test_a_notice_says_both(page: BeautifulSoup):
    (notice,) = page.select(".translation-notice")
    assert (
        "mudou depois da tradução" in notice.get_text() and "ainda não foram traduzidas" in notice.get_text()
    )


def test_a_term_of_an_english_page_leads_to_the_languages_own_entry(book: Book, page: BeautifulSoup):
    html = (book.root / "_build" / "html" / "pt" / "references.html").read_text("utf-8")
    (link,) = (a for a in BeautifulSoup(html, "html.parser").select("article a") if a.text == "batch")
    assert link["href"] == "tensors.html#term-lote"


def test_a_notebook_has_the_missing_text_and_not_the_second_version(book: Book):
    notebooks.build(book, "pt", ["jax"])
    path = book.root / "_build" / "notebooks" / "pt" / "jax" / "tensors.ipynb"
    text = "\n".join("".join(c["source"]) for c in json.loads(path.read_text("utf-8"))["cells"])
    assert "New after the drawing." in text and "O cabeçalho não conta." in text
    assert "The first line does not count" not in text
    assert "mudou depois da tradução" in text


@pytest.mark.tex
def test_a_pdf_has_the_missing_text_and_not_the_second_version(book: Book):
    (file,) = pdf.build(book, "pt", ["jax"])
    command = ["pdftotext", "-layout", str(file), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "New after the drawing." in text and "O cabeçalho não conta." in text
    assert "The first line does not count" not in text and "mudou depois da tradução" in text


def test_a_fresh_page_says_nothing_and_confirming_takes_the_marks_away(book: Book, page: BeautifulSoup):
    path = book.page_path("en", "tensors")
    now = path.read_text("utf-8")
    try:
        for old, new in reversed(CHANGES):
            path.write_text(path.read_text("utf-8").replace(new, old), "utf-8")
        site = build_site(book, "pt")
        again = BeautifulSoup((site / "pt" / "tensors.html").read_text("utf-8"), "html.parser")
        assert again.select(".translation-stale, .not-translated, .english-now, .translation-notice") == []
    finally:
        path.write_text(now, "utf-8")


def test_a_page_without_a_record_has_a_notice_and_no_marks(tmp_path: Path):
    book = copy_book(tmp_path)
    put_all_outputs(book)
    book.page_path("pt", "tensors").with_name("tensors.state.json").unlink()
    site = build_site(book, "pt")
    page = BeautifulSoup((site / "pt" / "tensors.html").read_text("utf-8"), "html.parser")
    assert "conferidas" in page.select_one(".translation-notice").get_text()
    assert page.select(".translation-stale, .english-now") == []


def test_a_page_just_begun_is_english_and_says_so(tmp_path: Path):
    book = copy_book(tmp_path)
    put_all_outputs(book)
    path = book.page_path("pt", "tensors")
    path.unlink()
    path.with_name("tensors.state.json").unlink()
    english = book.page_path("en", "tensors")
    text = english.read_text("utf-8")
    english.write_text(text.replace("The first four", "Of a {term}`tensor` the first four"), "utf-8")
    write_new(book, "pt", "tensors")
    site = build_site(book, "pt")
    page = BeautifulSoup((site / "pt" / "tensors.html").read_text("utf-8"), "html.parser")
    assert page.find("p", lang="en", string="The header does not count.")
    assert page.select(".translation-notice") and not page.select("details.english-now")
    assert page.find("h1", lang="en") or page.select_one("h1")["class"]
