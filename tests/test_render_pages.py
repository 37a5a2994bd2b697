"""Pages as HTML: framework groups, stored outputs, languages, downloads, in the small book."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from rendering import build_site, copy_book, put_all_outputs

FRAMEWORKS = ["pytorch", "tensorflow", "mxnet", "jax"]

pytestmark = pytest.mark.sphinx


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = copy_book(tmp_path_factory.mktemp("pages"))
    put_all_outputs(book)
    return build_site(book)


def page(site: Path, name: str) -> Tag:
    return BeautifulSoup((site / name).read_text("utf-8"), "html.parser")


def pane(site: Path, name: str, cell: str, framework: str = "jax") -> Tag:
    found = page(site, name).find(id=f"cell-{cell}-{framework}")
    assert isinstance(found, Tag)
    return found


def test_every_group_has_a_pane_for_every_framework_in_the_books_order(site):
    groups = page(site, "en/tensors.html").select(".framework-group:not(.prose)")
    assert len(groups) == 10
    for group in groups:
        panes = group.select(":scope > [role=tabpanel]")
        assert [p["data-framework"] for p in panes] == FRAMEWORKS == str(group["data-frameworks"]).split()


def test_tabs_and_panels_name_each_other(site):
    document = page(site, "en/tensors.html")
    tabs = document.select("[role=tablist] > [role=tab]")
    assert len(tabs) == 42
    for tab in tabs:
        panel = document.find(id=tab["aria-controls"])
        assert panel["role"] == "tabpanel"
        assert panel["aria-labelledby"] == tab["id"]
        assert panel["data-framework"] == tab["data-framework"]
    for tablist in document.select("[role=tablist]"):
        assert tablist["aria-label"]
        assert [t["aria-selected"] for t in tablist.select("[role=tab]")].count("true") == 1
        assert [t["tabindex"] for t in tablist.select("[role=tab]")].count("0") == 1


@pytest.mark.parametrize("name", ["en/tensors.html", "pt/tensors.html", "en/index.html", "pt/index.html"])
def test_ids_are_unique(site, name):
    count = Counter(tag["id"] for tag in page(site, name).select("[id]"))
    assert [i for i, n in count.items() if n > 1] == []


def test_a_cell_of_all_frameworks_shows_each_frameworks_output(site):
    for framework in FRAMEWORKS:
        own = pane(site, "en/index.html", "powers", framework)
        assert "[1, 2, 4, 8, 16, 32, 64, 128]" in own.select_one(".cell_output").text
    assert "x.at[0]" in pane(site, "en/tensors.html", "in-place", "jax").text


def test_a_translated_page_shows_the_english_code_and_the_same_outputs(site):
    for framework in FRAMEWORKS:
        english, own = (pane(site, f"{x}/tensors.html", "make-tensor", framework) for x in ("en", "pt"))
        assert english.select_one(".cell_input").text == own.select_one(".cell_input").text != ""
        assert f"{framework}([0., 1., 2., 3.])" in own.select_one(".cell_output").text


def test_a_pane_says_on_what_it_ran(site):
    says = pane(site, "en/tensors.html", "make-tensor", "mxnet").select_one(".ran-on").text
    assert says == "Ran on CPU · MXNet 1.2.3 · Python 3.11 · 2026-01-31"
    says = pane(site, "pt/tensors.html", "make-tensor").select_one(".ran-on").text
    assert says.startswith("Executado em CPU · JAX 1.2.3")
    assert pane(site, "en/tensors.html", "imports").select_one(".ran-on") is None


def test_drawings_are_image_files_with_the_pages_own_alternative_text(site):
    for lang, start in (("en", "A straight line"), ("pt", "Uma linha reta")):
        own = pane(site, f"{lang}/tensors.html", "draw")
        image = own.select_one("img")
        assert image["alt"].startswith(start)
        assert own.select_one("svg") is None
        assert (site / lang / image["src"]).read_text("utf-8").startswith("<svg")


def test_a_framework_that_cannot_says_why(site):
    own = pane(site, "en/tensors.html", "in-place", "tensorflow")
    assert own.select_one(".output-note").text == "TensorFlow cannot do this step."
    assert own.select_one("code").text == "tf.Tensor"


def test_a_reason_that_is_not_translated_is_said_to_be_english(site):
    own = pane(site, "pt/tensors.html", "in-place", "tensorflow")
    assert own.select_one(".output-note").text == "TensorFlow não consegue fazer este passo."
    assert own.select_one(".unavailable-reason")["lang"] == "en"


def test_folded_parts_have_a_summary_in_the_pages_language(site):
    folded = pane(site, "en/tensors.html", "past-the-end").select_one("details")
    assert folded.summary.text == "Show the measured output"
    assert "IndexError: list index out of range" in folded.text
    assert not folded.has_attr("open")
    code = pane(site, "pt/tensors.html", "count-rows").select_one("details")
    assert code.summary.text == "Mostrar o código"
    assert "len(" in code.text


def test_a_removed_output_is_not_in_the_page(site):
    own = pane(site, "en/tensors.html", "noise")
    assert own.select_one(".cell_output") is None
    assert own.select_one(".output-note") is None


def test_prose_of_frameworks_becomes_the_same_tabs(site):
    group = page(site, "pt/tensors.html").select_one(".framework-group.prose")
    assert [t.text for t in group.select("[role=tab]")] == ["PyTorch", "JAX"]
    assert "não pode ser alterado" in group.select("[role=tabpanel]")[1].text
    assert group.select_one("input") is None


def test_a_page_that_is_not_translated_is_english_and_says_so(site):
    own = page(site, "pt/references.html")
    assert own.html["lang"] == "pt-BR"
    section = own.select_one("article section")
    assert section["lang"] == "en"
    notice = section.select_one(".fallback-notice")
    assert notice["lang"] == "pt-BR"
    assert "ainda não foi traduzida" in notice.text
    assert page(site, "en/references.html").select_one(".fallback-notice") is None


def test_the_language_menu_leads_to_the_same_page(site):
    for name in ("en/tensors.html", "pt/references.html", "en/search.html", "en/genindex.html"):
        links = page(site, name).select(".book-languages a")
        assert [a["hreflang"] for a in links] == ["en", "pt-BR"]
        for link in links:
            assert ((site / name).parent / link["href"]).resolve().is_file()
        assert [a.get("aria-current") for a in links].count("page") == 1


def test_alternates_are_named_for_search_engines(site):
    links = page(site, "pt/tensors.html").select("link[rel=alternate][hreflang]")
    assert {a["hreflang"]: a["href"] for a in links} == {
        "en": "./../en/tensors.html",
        "pt-BR": "./../pt/tensors.html",
        "x-default": "./../en/tensors.html",
    }


def test_downloads_are_those_of_the_page_by_framework(site):
    menu = page(site, "pt/tensors.html").select_one(".book-downloads [data-frameworks]")
    assert str(menu["data-frameworks"]).split() == FRAMEWORKS
    for entry in menu.select("[data-framework]"):
        key = entry["data-framework"]
        assert entry.select_one(".download-notebook")["href"] == f"./../notebooks/pt/{key}/tensors.ipynb"
        assert entry.select_one(".download-pdf")["href"] == f"./../pdf/pt/d2l-pt-{key}.pdf"
    assert page(site, "pt/references.html").select_one(".download-notebook") is None
    assert page(site, "pt/references.html").select_one(".open-in-colab") is None


def test_every_link_leads_somewhere(site):
    files = [p for p in site.rglob("*.html") if "_static" not in p.parts]
    pages = {p: BeautifulSoup(p.read_text("utf-8"), "html.parser") for p in files}
    anchors = {p: {t["id"] for t in html.select("[id]")} for p, html in pages.items()}
    for path, html in pages.items():
        for element in html.select("a[href], link[href], script[src], img[src]"):
            link = urlsplit(element.get("href") or element["src"])
            if link.scheme or link.netloc or "/notebooks/" in link.path or "/pdf/" in link.path:
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            assert target.is_file(), (path, link)
            assert not link.fragment or unquote(link.fragment) in anchors[target], (path, link)


def test_the_published_folder_holds_pages_only(site):
    names = ["en", "index.html", "landing.css", "landing.js", "pt", "status.html"]
    assert sorted(p.name for p in site.iterdir()) == names
    assert not list(site.rglob("*.ipynb")) and not list(site.rglob("*.pickle"))


def test_the_front_page_leads_to_every_language(site):
    front = page(site, "index.html")
    for link in front.select("nav a"):
        assert (site / link["href"]).is_file()
    assert [a["lang"] for a in front.select("nav a")] == ["en", "pt-BR"]
    assert front.select_one("[lang=pt-BR] .title").text == "Um livro pequeno"


def test_words_that_the_theme_lacks_are_translated(site):
    own = page(site, "pt/tensors.html")
    assert own.select_one("#pst-skip-link a").text == "Ir para o conteúdo principal"
    assert "Pesquisar neste livro" in str(own)
