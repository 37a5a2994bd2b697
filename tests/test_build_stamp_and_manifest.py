"""A build knows when nothing changed, and never calls a hole a delivery."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bookbuild import stamp, system
from bookbuild.build import Request, build, publish, published, stamp_key
from bookbuild.config import Selection, load_book
from bookbuild.manifest import Entry, declared, holes, write_manifest

FIXTURE = Path(__file__).parent / "fixtures" / "book"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("chapters/en/page.md", "d2l/torch.py", "_build/html/en/page.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def built(tree: Path) -> None:
    stamp.remember(
        tree,
        "html",
        stamp.inputs(tree, stamp.SOURCES),
        stamp.inputs(tree, stamp.PRODUCED),
        ["html/en/page.html"],
    )


def test_nothing_changed_since_a_build(tree: Path):
    assert not stamp.unchanged(tree, "html")
    built(tree)
    assert stamp.unchanged(tree, "html")
    assert not stamp.unchanged(tree, "pdf")


@pytest.mark.parametrize("name", ["chapters/en/page.md", "d2l/torch.py", "chapters/en/new.md"])
def test_an_edit_or_a_new_file_is_seen(tree: Path, name: str):
    built(tree)
    (tree / name).write_text("changed")
    os.utime(tree / name, ns=(1, 1))
    assert not stamp.unchanged(tree, "html")


def test_a_deleted_input_or_output_is_seen(tree: Path):
    built(tree)
    (tree / "_build/html/en/page.html").unlink()
    assert not stamp.unchanged(tree, "html")
    (tree / "_build/html/en/page.html").write_text("")
    (tree / "chapters/en/page.md").unlink()
    assert not stamp.unchanged(tree, "html")


def test_an_edit_during_the_build_is_not_lost(tree: Path):
    sources = stamp.inputs(tree, stamp.SOURCES)
    (tree / "chapters/en/page.md").write_text("edited while the build ran")
    stamp.remember(tree, "html", sources, stamp.inputs(tree, stamp.PRODUCED), [])
    assert not stamp.unchanged(tree, "html")


def test_another_builds_manifest_is_no_account_of_this_one(tree: Path):
    built(tree)
    (tree / stamp.MANIFEST).write_text("of another build")
    assert not stamp.unchanged(tree, "html")


def test_a_broken_stamp_only_costs_a_build(tree: Path):
    built(tree)
    (tree / stamp.STAMPS).write_text("{")
    assert not stamp.unchanged(tree, "html")
    built(tree)
    assert stamp.unchanged(tree, "html")


def test_without_tex_a_build_with_nothing_changed_is_as_quick_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    book, said = book_at(tmp_path), []
    chosen = Selection(book.language_keys, book.framework_keys, book.pages)
    request = Request(("html", "pdf"), chosen, strict=False, execute=False)
    before = stamp.inputs(book.root, stamp.SOURCES), stamp.inputs(book.root, stamp.PRODUCED)
    stamp.remember(book.root, stamp_key(book, replace(request, formats=("html",))), *before, [])
    monkeypatch.setattr(system, "missing", lambda kind: ("texlive-xetex",))
    monkeypatch.setattr(system, "install", lambda kind, report: "sudo apt-get install texlive-xetex")
    build(book, request, said.append)
    assert said == [
        "nothing changed since the last build",
        "skipped: pdf: no TeX; install it with: sudo apt-get install texlive-xetex",
    ]


def test_pages_link_to_downloads_that_are_built_or_there_and_follow_a_new_one(
    tmp_path: Path,
):
    book = book_at(tmp_path)
    html = Request(("html",), Selection(("en",), ("jax",), book.pages), strict=False, execute=False)
    whole = replace(html, formats=("html", "notebooks", "pdf"))
    assert published(book, "en") == () and published(book, "en", whole.formats) == ("notebooks", "pdf")
    keys = stamp_key(book, html), stamp_key(book, whole)
    (tmp_path / "_build/pdf/en").mkdir(parents=True)
    for framework in book.framework_keys:
        assert published(book, "en") == ()  # a link to one that is not there would be dead
        (tmp_path / f"_build/pdf/en/d2l-en-{framework}.pdf").write_text("made")
    assert published(book, "en") == ("pdf",) and published(book, "pt") == ()
    assert stamp_key(book, html) != keys[0] and stamp_key(book, whole) == keys[1]


def test_the_site_offers_the_downloads_that_there_are_and_no_others(tmp_path: Path):
    book = book_at(tmp_path)
    build_folder = tmp_path / "_build"
    names = ("notebooks/en/jax/page.ipynb", "notebooks/d2l-1-py3-none-any.whl", "pdf/en/d2l-en-jax.pdf")
    gone = build_folder / "html" / "notebooks/en/jax/gone.ipynb"
    for path in (*(build_folder / n for n in (*names, "notebooks/.wheel-sources")), gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("made")
    for _ in range(2):
        publish(book)
        site = build_folder / "html"
        assert {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()} == set(names)


def test_the_declaration_covers_pages_languages_frameworks_and_formats():
    book = load_book(FIXTURE)
    chosen = Selection(book.language_keys, book.framework_keys, book.pages)
    entries = set(declared(book, chosen, ("html", "notebooks", "pdf")))
    languages, frameworks, pages = len(book.languages), len(book.frameworks), len(book.pages)
    assert len(entries) == languages * (pages + pages * frameworks + frameworks)
    assert len({e.file for e in entries}) == len(entries)


def test_a_missing_or_empty_file_is_a_hole(tmp_path: Path):
    book = load_book(FIXTURE)
    entry = Entry("pdf", "en", "", "jax", "pdf/en/none.pdf")
    (finding,) = holes(book, [entry])
    assert "was not delivered" in finding.problem
    written = json.loads(write_manifest(book_at(tmp_path), [entry], [finding], {"pdf": "no TeX"}).read_text())
    assert written["delivered"] == [] and written["holes"] == [str(finding)] and written["skipped"]


def test_a_page_without_one_frameworks_panes_is_a_hole(tmp_path: Path):
    book = book_at(tmp_path)
    docname = next(d for d in book.pages if "code-cell" in book.page_path("en", d).read_text())
    entry = Entry("html", "en", docname, "", f"html/en/{docname}.html")
    from bookbuild.pages import load_page

    groups = load_page(book, "en", docname).groups
    html = tmp_path / "_build" / entry.file
    html.parent.mkdir(parents=True)
    panes = [
        f'<div data-framework="{f}" id="cell-{g.name}-{f}">' for g in groups for f in book.framework_keys
    ]
    html.write_text("\n".join(panes))
    assert list(holes(book, [entry])) == []
    html.write_text("\n".join(panes[:-1]))
    (finding,) = holes(book, [entry])
    assert book.framework_keys[-1] in finding.problem


def book_at(folder: Path):
    import shutil

    shutil.copytree(FIXTURE, folder, dirs_exist_ok=True)
    return load_book(folder)
