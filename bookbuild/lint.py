"""``make lint``: pages, links, translations, freshness of outputs, library; one line per finding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import Finding
from bookbuild.files import read_text
from bookbuild.library import library_findings
from bookbuild.pages import Page, check_code
from bookbuild.pages.book import read_pages
from bookbuild.pages.canonical import canonical

ROLE = re.compile(r"\{(ref|numref|eq|cite|cite:t|cite:p|doc)\}`([^`]+)`")
TARGET = re.compile(r"<([^>]+)>$")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:)([^)\s]+)\)")
INLINE_CODE = re.compile(r"`[^`\n]*`")


def findings(book: Book) -> Iterator[Finding]:
    pages, faults = read_pages(book)
    yield from faults
    yield from stray_pages(book)
    english = {p.docname: p for p in pages if p.language == book.source}
    for page in pages:
        yield from _not_canonical(book, page)
        yield from (replace(f, path=book.relative(page.path)) for f in check_code(page))
        if page.language != book.source and page.docname in english:
            yield from _labels_as_in_english(book, page, english[page.docname])
    yield from links(book, pages)
    if not faults:
        yield from library_findings(book)
        yield from store.findings(book)


def stray_pages(book: Book) -> Iterator[Finding]:
    """Pages that no table of contents reaches."""
    known = {book.page_path(x, d) for x in book.language_keys for d in book.pages}
    for path in sorted((book.root / "chapters").rglob("*.md")):
        if path not in known:
            yield Finding(
                book.relative(path),
                0,
                "is not in _toc.yml (or not in a language of _config.yml)",
                "add it there, or delete the file",
            )


def links(book: Book, pages: Iterable[Page]) -> Iterator[Finding]:
    """References, citations, pictures and relative links that lead nowhere."""
    pages = list(pages)
    cited = _bibliography(book)
    labels = {
        x: {a.name for p in pages if p.language in (x, book.source) for a in p.labels}
        for x in book.language_keys
    }
    for page in pages:
        prose = _prose(page)
        for line, role, target in _roles(prose):
            known = cited if role.startswith("cite") else labels[page.language]
            if role == "doc":
                continue
            for name in target.split(",") if role.startswith("cite") else [target]:
                if name.strip() not in known:
                    yield Finding(
                        book.relative(page.path),
                        line,
                        f"{{{role}}} names {name.strip()!r}, which is nowhere",
                        "mend the name, or add the label (for a citation: to chapters/references.bib)",
                    )
        yield from _files(book, page, prose)


def _prose(page: Page) -> str:
    """The page's text with code blanked out, line for line."""
    lines = page.text.split("\n")
    for block in page.blocks:
        if block.kind in ("code-cell", "fence", "code-block"):
            lines[block.line - 1 : block.end_line] = [""] * (block.end_line - block.line + 1)
    return "\n".join(lines)


def _files(book: Book, page: Page, prose: str) -> Iterator[Finding]:
    for directive in page.directives:
        if directive.name in ("figure", "image") and "://" not in directive.argument:
            target = page.path.parent / directive.argument
            if not list(target.parent.glob(target.name)):
                yield Finding(
                    book.relative(page.path),
                    directive.line,
                    f"picture {directive.argument!r} does not exist",
                    "draw it (`.venv/build/bin/python -m figures.draw`), or mend the path",
                )
    prose = INLINE_CODE.sub("", prose)
    for found in LINK.finditer(prose):
        target, _, _ = found.group(1).partition("#")
        if (
            target
            and not (page.path.parent / target).exists()
            and not (page.path.parent / f"{target}.md").exists()
        ):
            yield Finding(
                book.relative(page.path),
                _line(prose, found.start()),
                f"link target {target!r} does not exist",
                "mend the path",
            )


def _roles(text: str) -> Iterator[tuple[int, str, str]]:
    for found in ROLE.finditer(text):
        inner = found.group(2)
        target = TARGET.search(inner)
        yield _line(text, found.start()), found.group(1), target.group(1) if target else inner


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _bibliography(book: Book) -> set[str]:
    path = book.root / "chapters" / "references.bib"
    return set(re.findall(r"^@\w+\{\s*([^,\s]+)", read_text(path), re.M)) if path.is_file() else set()


def _labels_as_in_english(book: Book, page: Page, english: Page) -> Iterator[Finding]:
    here = {x.name for x in page.labels}
    for label in english.labels:
        if label.name not in here:
            yield Finding(
                book.relative(page.path),
                0,
                f"label {label.name!r} of the English page is missing",
                f"add it where English line {label.line} has it",
            )
    names = {x.name for x in english.labels}
    for label in page.labels:
        if label.name not in names:
            yield Finding(
                book.relative(page.path),
                label.line,
                f"label {label.name!r} is not in the English page",
                "use the English page's labels",
            )


def _not_canonical(book: Book, page: Page) -> Iterator[Finding]:
    wanted = canonical(page.text)
    if wanted != page.text:
        pairs = zip(page.text.split("\n"), wanted.split("\n"), strict=False)
        line = next((i for i, (a, b) in enumerate(pairs, 1) if a != b), 0)
        yield Finding(book.relative(page.path), line, "is not in canonical form", "run `make fmt`")
