"""The key changes whenever an output does, and stays for what changes none: hundreds of edits, each run.

False-fresh: a cell whose output an edit changed still counts as fresh.  False-stale: an edit of a kind that
changes no output (comments, docstrings, layout, unrelated code, prose) makes a cell stale.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mutations import ANY, ASKS, QUIET, Edit, World, edits, run, world

from bookbuild import store
from bookbuild.config import Book, load_book
from bookbuild.pages import load_page

CONFIG = """title: T
author: A
sphinx:
  config:
    bookbuild_frameworks:
      pytorch: {title: PyTorch, module: torch}
    bookbuild_languages:
      en: {title: English, sphinx: en, html: en, book_title: T}
"""
FRONT = "---\n{more}kernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n"


def write(root: Path, changed: World) -> Book:
    """The world as a book."""
    (root / "_config.yml").write_text(CONFIG)
    listed = "".join(f"- file: {page}\n" for page in changed.pages)
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n{listed}")
    for folder in ("d2l", "data", "environments", "chapters/en"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, source in changed.modules.items():
        (root / "d2l" / name).write_text(source)
    for name, text in changed.data.items():
        (root / "data" / name).write_text(text)
    (root / "environments" / "pytorch.cpu.txt").write_text(changed.lock)
    (root / "chapters/en/index.md").write_text("# Index\n")
    for page, cells in changed.pages.items():
        more = "data: [numbers.json]\n" if page == "named" else ""
        text = FRONT.format(more=more) + changed.prose
        for name, source, raises in cells:
            tags = ":tags: [raises-exception]\n" if raises else ""
            text += f"\n```{{code-cell}}\n:name: {name}\n{tags}\n{source}\n```\n"
        (root / f"chapters/en/{page}.md").write_text(text)
    return load_book(root)


def record_all(book: Book) -> None:
    for docname in book.pages[1:]:
        page = load_page(book, "en", docname)
        profile = store.profile(book, "pytorch", "cpu", "3.11")
        keys = store.keys(book, page, "pytorch", profile)
        parts = {name: value for key in keys for name, value in key.parts.items()}
        cells = tuple(store.CellRecord(k.name, k.key, (), 0.1) for k in keys)
        facts = ("m", profile.name, "3.11", {}, "2026-01-31", 1, 1)
        store.write(book, store.Record(docname, "pytorch", "cpu", *facts, parts, cells))


def stale_cells(book: Book) -> dict[str, set[str]]:
    """By page, the cells that have to run again."""
    return {
        docname: set(store.freshness(book, load_page(book, "en", docname), "pytorch").stale_cells)
        for docname in book.pages[1:]
    }


def changed_cells(before: dict[str, list[str]], after: dict[str, list[str]], base: World, edit: Edit):
    """By page, the cells of the edited world whose output is not the one that the same cell had."""
    changed = {}
    for page, cells in edit.world.pages.items():
        was = dict(zip([name for name, _, _ in base.pages[page]], before[page], strict=True))
        now = zip([name for name, _, _ in cells], after[page], strict=True)
        changed[page] = {name for name, output in now if was.get(name) != output}
    return changed


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Every edit with the cells that running says changed and those that the gate says are stale."""
    base = world()
    root = tmp_path_factory.mktemp("book")
    record_all(write(root, base))
    assert not any(stale_cells(load_book(root)).values())
    every = list(edits(base))
    folders = [tmp_path_factory.mktemp("world") for _ in range(len(every) + 1)]
    with ThreadPoolExecutor(2) as pool:
        before, *after = pool.map(run, folders, [base, *(edit.world for edit in every)])
    assert not any("Error" in text for page in before.values() for text in page[:-1]), before
    return [
        (edit, changed_cells(before, found, base, edit), stale_cells(write(root, edit.world)))
        for edit, found in zip(every, after, strict=True)
    ]


def test_no_cell_whose_output_changed_counts_as_fresh(judged, counts):
    false_fresh = [
        f"{edit.kind} in {edit.where} ({edit.what}): {page}: {sorted(cells - stale[page])}"
        for edit, changed, stale in judged
        for page, cells in changed.items()
        if cells - stale[page]
    ]
    effective = Counter(edit.kind for edit, changed, _ in judged if any(changed.values()))
    assert false_fresh == []
    assert len(judged) >= 500 and effective.total() >= 250
    counts(
        f"{len(judged)} edits, {effective.total()} of them changed an output: {len(false_fresh)} false-fresh "
        f"({', '.join(f'{kind} {number}' for kind, number in effective.most_common())})"
    )


def test_what_changes_no_output_by_its_kind_makes_nothing_stale(judged, counts):
    tried: Counter[str] = Counter()
    false_stale = []
    for edit, changed, stale in judged:
        if edit.kind in QUIET:
            pages = [page for page in stale if page not in ASKS + ANY * (edit.kind == "unrelated")]
            assert not any(changed[page] for page in pages), edit
            tried[edit.kind] += 1
            false_stale += [f"{edit.kind} in {edit.where} ({edit.what}): {p}" for p in pages if stale[p]]
    assert false_stale == []
    assert set(tried) == set(QUIET) and min(tried.values()) >= 1 and tried.total() >= 100
    counts(
        f"{tried.total()} edits that change nothing by their kind: {len(false_stale)} false-stale "
        f"({', '.join(f'{kind} {number}' for kind, number in tried.most_common())})"
    )
