"""What a change of one file does to the pages, and what mistakes in pages are said to be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from rendering import LINE, build_site, copy_book, display, put_all_outputs, put_outputs, text

from bookbuild.config import Book, load_book
from bookbuild.errors import BookError
from bookbuild.render import build_html, notebooks

pytestmark = pytest.mark.sphinx


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return copy_book(tmp_path)


def edit(path: Path, old: str, new: str) -> None:
    content = path.read_text("utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), "utf-8")


def pane(book: Book, lang: str, name: str, cell: str, framework: str) -> BeautifulSoup:
    file = book.root / "_build" / "html" / lang / f"{name}.html"
    found = BeautifulSoup(file.read_text("utf-8"), "html.parser").find(id=f"cell-{cell}-{framework}")
    assert found is not None
    return found


def said(book: Book, lang: str = "en") -> list[str]:
    with pytest.raises(BookError) as error:
        build_html(book, lang)
    return [str(f) for f in error.value.findings]


def test_outputs_that_are_missing_are_said_to_be_missing(book):
    build_site(book, "pt")
    own = pane(book, "pt", "index", "powers", "jax")
    assert own.select_one(".output-note").text == "Ainda não executado."
    assert own.select_one(".cell_output") is None


def test_an_output_that_is_older_than_its_code_is_never_shown_as_fresh(book):
    put_outputs(book, "index", "jax", {"powers": [text("old")]}, stale=["powers"])
    put_outputs(book, "index", "pytorch", {"powers": [text("new")]})
    build_site(book, "en")
    own = pane(book, "en", "index", "powers", "jax")
    assert "stale" in own["class"]
    assert own.select_one(".output-note").text == "This output is older than the code above it."
    fresh = pane(book, "en", "index", "powers", "pytorch")
    assert "fresh" in fresh["class"]
    assert fresh.select_one(".output-note") is None


def test_a_page_that_asks_for_a_device_shows_the_gpus_output_while_it_is_fresh(book):
    for framework, old in (("jax", []), ("mxnet", ["powers"])):
        put_outputs(book, "index", framework, {"powers": [text("from the CPU")]})
        put_outputs(book, "index", framework, {"powers": [text("from the GPU")]}, stale=old, device="gpu")
    build_site(book, "en")
    assert "from the CPU" in pane(book, "en", "index", "powers", "jax").text
    edit(book.page_path("en", "index"), "---\nkernelspec", "---\ndevices: 1\nkernelspec")
    build_site(book, "en")
    fresh, stale = (pane(book, "en", "index", "powers", f) for f in ("jax", "mxnet"))
    assert "from the GPU" in fresh.text and fresh.select_one(".ran-on").text.startswith(
        "Ran on GPU (a machine) · "
    )
    assert "from the CPU" in stale.text and "fresh" in stale["class"]


def test_an_edit_of_the_english_code_reaches_the_translation_and_makes_its_output_old(book):
    put_all_outputs(book)
    build_site(book, "pt")
    edit(book.page_path("en", "index"), "range(8)", "range(9)")
    build_site(book, "pt")
    own = pane(book, "pt", "index", "powers", "mxnet")
    assert "9" in own.select_one(".cell_input").text
    assert "stale" in own["class"]


def test_an_output_that_appears_is_shown_at_the_next_build(book):
    build_site(book, "en")
    put_all_outputs(book)
    build_site(book, "en")
    assert "[1, 2, 4" in pane(book, "en", "index", "powers", "jax").select_one(".cell_output").text


def test_a_change_of_the_library_makes_outputs_old_without_touching_a_page(book):
    put_all_outputs(book)
    build_site(book, "en")
    edit(book.root / "d2l" / "jax.py", "def total(values):", "def total(values, *, start=1):")
    build_site(book, "en")
    assert "stale" in pane(book, "en", "tensors", "use-total", "jax")["class"]
    assert "fresh" in pane(book, "en", "tensors", "use-total", "mxnet")["class"]


def test_a_translation_replaces_the_english_page_even_with_an_older_date(book):
    build_site(book, "pt")
    page = book.page_path("pt", "references")
    page.write_text(
        "(chap-references)=\n# Referências\n\n```{glossary}\ntensor\n  Números.\n```\n\n"
        "```{bibliography}\n```\n",
        "utf-8",
    )
    os.utime(page, (1, 1))
    build_site(book, "pt")
    html = (book.root / "_build/html/pt/references.html").read_text("utf-8")
    assert "Referências" in html and "fallback-notice" not in html
    page.unlink()
    build_site(book, "pt")
    assert "fallback-notice" in (book.root / "_build/html/pt/references.html").read_text("utf-8")


def test_the_words_of_a_drawing_follow_the_language_without_running_anything(book):
    words = '<text style="font-family: sans-serif">step 7</text><text>loss</text></svg>'
    for framework in book.framework_keys:
        drawing = display(image_svg=LINE.replace("</svg>", words), text_plain="<Figure>")
        put_outputs(book, "tensors", framework, {"draw": [drawing]})
    labels = book.root / "chapters" / "plots.yml"
    labels.write_text("- {en: 'step {n}', pt: 'passo {n}'}\n- {en: loss, pt: perda}\n", "utf-8")

    def drawn(language: str) -> list[str]:
        site = build_site(book, language) / language
        picture = pane(book, language, "tensors", "draw", "jax").select_one("img")["src"]
        drawing = BeautifulSoup((site / picture).read_text("utf-8"), "html.parser")
        return [t.text for t in drawing.find_all("text")]

    assert drawn("en") == ["step 7", "loss"]
    assert drawn("pt") == ["passo 7", "perda"]
    edit(labels, "perda", "custo")
    assert drawn("pt") == ["passo 7", "custo"]
    notebooks.build(book, "pt", ["jax"])
    notebook = json.loads((book.root / "_build/notebooks/pt/jax/tensors.ipynb").read_text("utf-8"))
    kept = [
        o["data"] for c in notebook["cells"] for o in c.get("outputs", ()) if "image/svg+xml" in o["data"]
    ]
    assert "step 7" in "".join(kept[0]["image/svg+xml"])


def test_nothing_is_written_again_when_nothing_changed(book):
    put_all_outputs(book)
    site = build_site(book, "en", "pt")
    before = {p: p.stat().st_mtime_ns for p in site.rglob("*/tensors.html")}
    build_site(book, "en", "pt")
    assert before == {p: p.stat().st_mtime_ns for p in site.rglob("*/tensors.html")}


def test_a_fault_is_said_until_it_is_mended(book):
    edit(book.page_path("en", "index"), "{term}`tensor`", "{term}`tensors of old`")
    first = said(book)
    assert any("tensors of old" in line for line in first)
    assert said(book) == first
    edit(book.page_path("en", "index"), "{term}`tensors of old`", "{term}`tensor`")
    build_site(book, "en")


def test_a_renamed_term_reaches_the_pages_that_link_to_it(book):
    build_site(book, "en")
    glossary = book.page_path("en", "references")
    assert "#term-tensor" in (book.root / "_build/html/en/index.html").read_text("utf-8")
    edit(glossary, "tensor\n", "Tensor\n")
    build_site(book, "en")
    assert "#term-Tensor" in (book.root / "_build/html/en/index.html").read_text("utf-8")


def test_pages_older_than_the_styles_are_written_again(book):
    site = build_site(book, "en")
    page = site / "en" / "tensors.html"
    for path in (page, book.root / "_build" / "doctrees" / "en" / "tensors.doctree"):
        assert path.is_file()
        os.utime(path, (1, 1))
    build_site(book, "en")
    assert page.stat().st_mtime > 1


def test_a_change_that_the_notebooks_saw_first_reaches_the_site_too(book):
    put_all_outputs(book)
    build_site(book, "pt")
    put_outputs(book, "index", "jax", {"powers": [text("a new output")]})
    notebooks.build(book, "pt", ("jax",))
    build_site(book, "pt")
    assert "a new output" in pane(book, "pt", "index", "powers", "jax").text


def test_another_program_writes_every_page_again(book, monkeypatch):
    site = build_site(book, "en")
    before = {p: p.stat().st_mtime_ns for p in site.rglob("tensors.html")}
    monkeypatch.setattr("bookbuild.render.extension.sources_digest", lambda root: 1)
    build_site(book, "en")
    assert all(p.stat().st_mtime_ns > then for p, then in before.items())


def test_a_page_with_gates_can_be_read_again(book):
    build_site(book, "en")
    page = book.page_path("en", "tensors")
    for _ in range(2):
        page.write_text(page.read_text("utf-8") + "\nOne more line.\n", "utf-8")
        build_site(book, "en")


def test_a_solution_of_class_dropdown_waits_to_be_asked_for(book):
    edit(
        book.page_path("en", "tensors"),
        "{solution-start} ex-rows\n",
        "{solution-start} ex-rows\n:class: dropdown\n",
    )
    put_all_outputs(book)
    build_site(book, "en")
    html = BeautifulSoup((book.root / "_build/html/en/tensors.html").read_text("utf-8"), "html.parser")
    solution = html.select_one("details.solution")
    assert not solution.has_attr("open")
    assert solution.summary.text.startswith("Solution to Exercise 1.1")
    assert solution.select_one("#cell-count-rows-jax .cell_output").text.strip() == "2"
    assert "The header does not count." in solution.text


def test_languages_built_in_one_process_do_not_mix_their_words(book):
    site = build_site(book, "pt", "en")
    titles = [
        BeautifulSoup((site / lang / "tensors.html").read_text("utf-8"), "html.parser")
        .select_one(".exercise .admonition-title")
        .text.strip()
        for lang in ("pt", "en")
    ]
    assert titles == ["Exercício 1.1", "Exercise 1.1"]


def test_a_missing_picture_is_one_clear_line(book):
    figure = "```{figure} nowhere.svg"
    edit(book.page_path("en", "index"), "The cell above", f"{figure}\n:alt: A line.\n```\n\nThe cell above")
    line = book.page_path("en", "index").read_text("utf-8").split("\n").index(figure) + 1
    found = said(book)
    assert len(found) == 1
    assert found[0].startswith(f"chapters/en/index.md:{line}: image file not readable")
    assert "nowhere.svg" in found[0] and "mend the path" in found[0]


def test_a_missing_label_is_one_clear_line(book):
    edit(book.page_path("en", "index"), "{numref}`sec-tensors`", "{numref}`sec-tensor`")
    line = 1 + book.page_path("en", "index").read_text("utf-8").split("{numref}")[0].count("\n")
    found = said(book)
    assert len(found) == 1
    assert found[0].startswith(f"chapters/en/index.md:{line}: ")
    assert "sec-tensor" in found[0] and "mend the name" in found[0]


def test_a_missing_citation_and_an_unknown_term_are_one_line_each(book):
    edit(book.page_path("en", "index"), "{cite:t}`harris2020`", "{cite:t}`harris`")
    edit(book.page_path("en", "index"), "{term}`tensor`", "{term}`tensoor`")
    found = said(book)
    assert len(found) == 2
    assert all(f.startswith("chapters/en/index.md:") for f in found)


def test_a_drawing_without_alternative_text_is_an_error(book):
    put_outputs(book, "index", "jax", {"powers": [display(image_svg=LINE)]})
    found = said(book)
    assert len(found) == 1
    assert "chapters/en/index.md:" in found[0] and "alternative text" in found[0]


def test_mistakes_of_all_pages_are_said_at_once_before_anything_is_built(book):
    edit(book.page_path("en", "index"), ":name: powers", ":name: Powers")
    edit(book.page_path("en", "tensors"), "[tensorflow, save]", "[tensorflw, save]")
    found = said(book)
    assert any(f.startswith("chapters/en/index.md:") for f in found)
    assert any(f.startswith("chapters/en/tensors.md:") and "tensorflw" in f for f in found)
    assert not (book.root / "_build").exists()


def test_a_damaged_record_is_named(book):
    put_all_outputs(book)
    record = book.root / "outputs" / "index" / "jax.cpu" / "record.json"
    record.write_text(record.read_text("utf-8")[:-40], "utf-8")
    found = said(book)
    assert len(found) == 1
    assert found[0].startswith("outputs/index/jax.cpu/record.json")


def test_hostile_outputs_stay_text_or_vanish(book):
    put_outputs(
        book,
        "index",
        "jax",
        {
            "powers": [
                display(
                    text_html="<b>kept</b><script>document.title = 'taken'</script>"
                    "<img src=x onerror=alert(1)>"
                ),
                display(application_javascript="document.title = 'taken'", text_plain="plain"),
                text("<script>document.title = 'taken'</script>"),
            ]
        },
    )
    build_site(book, "en")
    own = pane(book, "en", "index", "powers", "jax").select_one(".cell_output")
    assert own.select_one("b").text == "kept"
    assert own.select("script, img, iframe") == []
    assert "plain" in own.text
    assert "<script>document.title" in own.text


def test_a_published_book_names_its_address(book):
    colab = "https://colab.research.google.com/github/reader/book/blob/gh-pages"
    edit(
        book.root / "_config.yml",
        'bookbuild_site: ""',
        f"bookbuild_site: https://book.example\n    bookbuild_colab: {colab}",
    )
    published = load_book(book.root)
    build_html(published, "pt", downloads=["notebooks"])
    folder = book.root / "_build" / "html" / "pt"
    html = BeautifulSoup((folder / "tensors.html").read_text("utf-8"), "html.parser")
    assert html.select_one("link[hreflang=en]")["href"] == "https://book.example/en/tensors.html"
    assert html.select_one(".open-in-colab")["href"] == f"{colab}/notebooks/pt/pytorch/tensors.ipynb"
    assert html.select_one(".download-pdf") is None
    assert html.select_one("meta[property='og:url']")["content"] == "https://book.example/pt/tensors.html"
    assert "https://book.example/pt/tensors.html" in (folder / "sitemap.xml").read_text("utf-8")


def test_the_html_of_a_page_that_the_book_no_longer_has_goes(book):
    toc = book.root / "_toc.yml"
    page = book.page_path("en", "extra")
    page.write_text("# One more page\n", "utf-8")
    edit(toc, "  - file: references\n", "  - file: references\n  - file: extra\n")
    site = build_site(load_book(book.root), "en")
    assert (site / "en/extra.html").is_file()
    edit(toc, "  - file: extra\n", "")
    page.unlink()
    build_site(load_book(book.root), "en")
    assert not (site / "en/extra.html").exists()
    assert (site / "en/tensors.html").is_file() and (site / "en/search.html").is_file()
