"""The clinic's tables hold messages that the cells of the sections really gave, and miss no entry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bookbuild import store
from bookbuild.config import load_book
from bookbuild.pages import Page, load_page

ROOT = Path(__file__).resolve().parent.parent
BOOK = load_book(ROOT)
SECTIONS = [page for page in BOOK.pages if page.startswith("builders-guide/")]
CLINIC = load_page(BOOK, "en", "builders-guide/clinic")
ENTRY = re.compile(r"^\((sec-clinic-[\w-]+)\)=$", re.M)


def entries() -> dict[str, tuple[Page, tuple[str, ...]]]:
    """By label, the page of a clinic entry and the names of its cells: all up to the next heading."""
    found = {}
    for docname in SECTIONS:
        page = load_page(BOOK, "en", docname)
        lines = page.text.split("\n")
        for match in ENTRY.finditer(page.text):
            first = page.text.count("\n", 0, match.start()) + 3
            last = next((n for n in range(first, len(lines)) if re.match(r"#{1,3} ", lines[n])), len(lines))
            names = tuple(g.name for g in page.groups if first <= g.line <= last)
            found[match.group(1)] = page, names
    return found


ENTRIES = entries()


def said(label: str, framework: str) -> str:
    """All that the cells of an entry gave as errors and warnings."""
    page, names = ENTRIES[label]
    record = store.read(BOOK, page.docname, framework)
    assert record
    texts = []
    for cell in (c for c in record.cells if c.name in names):
        for output in cell.outputs:
            texts += [output.get("ename", ""), output.get("evalue", "")]
            texts += [output["text"]] if output.get("name") == "stderr" else []
    return "\n".join(texts)


def rows(heading: str) -> list[tuple[str, tuple[str, ...]]]:
    """The message and the labels of each row of a table."""
    part = CLINIC.text.split(f"## Messages in {heading}\n")[1].split("\n## ")[0]
    found = []
    for line in part.splitlines():
        if line.startswith("| `"):
            message, where = re.match(r"\| (`.*`) \| (.*) \|$", line).groups()
            labels = tuple(re.findall(r"\{ref\}`([\w-]+)`", where))
            found.append((message.strip("`").strip(), labels))
    return found


@pytest.mark.parametrize("framework", BOOK.framework_keys)
def test_every_message_was_given_by_the_cells_that_its_links_lead_to(framework: str) -> None:
    table = rows(BOOK.framework(framework).title)
    assert len(table) > 10
    for message, labels in table:
        pattern = ".*?".join(re.escape(part) for part in message.split("…"))
        for label in labels:
            assert re.search(pattern, said(label, framework), re.S), (message, label)


@pytest.mark.parametrize("framework", BOOK.framework_keys)
def test_messages_stand_in_the_order_of_their_letters(framework: str) -> None:
    letters = [re.sub("[^a-z]", "", message.lower()) for message, _ in rows(BOOK.framework(framework).title)]
    assert letters == sorted(letters)


def test_every_entry_of_the_sections_is_linked() -> None:
    assert set(ENTRIES) == set(re.findall(r"sec-clinic-[\w-]+", CLINIC.text))


def test_every_section_has_three_entries_or_more() -> None:
    sections = [page for page in SECTIONS if page.split("/")[1] not in ("index", "clinic")]
    for docname in sections:
        assert sum(page.docname == docname for page, _ in ENTRIES.values()) >= 3, docname
