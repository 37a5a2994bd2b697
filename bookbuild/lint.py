"""``make lint``: pages, links, translations, freshness of outputs, library; one line per finding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError, Finding
from bookbuild.files import read_text
from bookbuild.library import library_findings
from bookbuild.pages import Page, check_code
from bookbuild.pages.book import read_pages
from bookbuild.pages.canonical import canonical
from bookbuild.translation import parity
from bookbuild.translation.book import (
    Translation,
    agreed_words,
    load_translation,
    misplaced,
    own_terms,
    page_elements,
    read_terms,
)
from bookbuild.translation.compare import Pair
from bookbuild.translation.labels import unlisted
from bookbuild.translation.state import SUFFIX, State
from bookbuild.translation.terms import checker
from bookbuild.translation.work import WHY

ROLE = re.compile(r"\{(ref|numref|eq|cite|cite:t|cite:p|doc|term)\}`([^`]+)`")
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
        yield from _terms_twice(book, page)
    yield from _translations(book)
    yield from _torn_bibliography(book)
    yield from links(book, pages)
    if not faults:
        yield from library_findings(book)
        yield from store.findings(book)
        yield from unlisted(book)


def translation_findings(
    book: Book, language: str, docname: str, state: State | None = None
) -> Iterator[Finding]:
    """What is wrong with one translated page, were this its record, apart from what is not fresh."""
    pages, faults = read_pages(book, [language])
    path = book.relative(book.page_path(language, docname))
    yield from (f for f in faults if f.path == path)
    own = next((p for p in pages if (p.language, p.docname) == (language, docname)), None)
    english = next((p for p in pages if (p.language, p.docname) == (book.source, docname)), None)
    if own and english:
        yield from _not_canonical(book, own)
        yield from _labels_as_in_english(book, own, english)
        yield from _terms_twice(book, own)
        yield from (f for f in links(book, pages) if f.path == path)
        translation = load_translation(book, language, docname, state)
        if translation:
            yield from parity_findings(book, translation)


def parity_findings(book: Book, translation: Translation) -> Iterator[Finding]:
    """What fresh blocks do not share with their English ones, and how they must not be written."""
    own = translation.own
    terms, detect = own_terms(book, own.language), parity.detector(book.language_keys)
    wording = checker(agreed_words(book, own.language), own.language)
    faults = [*parity.check_allowances(own.text)]
    elements = page_elements(book, translation.english), page_elements(book, own)
    fresh = [p for p in translation.pairs if p.state == "fresh"]
    if len(fresh) == len(translation.pairs):
        faults += parity.check_page(*elements)
    for pair in fresh:
        faults += parity.check_block(pair, own.language, terms, detect, wording)
    for fault in parity.check_formulas(*elements, own.language):
        yield Finding(book.relative(own.path), fault.line, fault.problem, fault.mend, "warning")
    for fault in faults:
        mend = f"{fault.mend} (or above it: `% allow {fault.rule}: reason`)"
        yield Finding(book.relative(own.path), fault.line, fault.problem, mend)


def _translations(book: Book) -> Iterator[Finding]:
    """Records that cannot be read or lie apart, and what is not fresh."""
    read_terms(book)  # a fault in it is the first to mend
    yield from misplaced(book)
    for language in book.language_keys:
        for docname in book.pages if language != book.source else ():
            try:
                translation = load_translation(book, language, docname)
            except BookError as error:
                own = str(book.page_path(language, docname))
                yield from (f for f in error.findings if f.path.endswith(SUFFIX) and f.path != own)
                continue
            if translation:
                yield from parity_findings(book, translation)
                yield from not_fresh(book.relative(translation.own.path), translation.pairs)


def not_fresh(path: str, pairs: Iterable[Pair]) -> Iterator[Finding]:
    """A warning for each block that is stale, and one for all that was never confirmed or is missing."""
    counts: Counter[str] = Counter()
    for pair in pairs:
        if pair.own and pair.english and pair.state == "stale" and pair.note != "unconfirmed":
            problem = f"{WHY[pair.note]} (English line {pair.english.line})"
            yield Finding(path, pair.own.line, problem, "bring it up to date, then `confirm` it", "warning")
        elif pair.own and pair.state == "gone":
            problem = "translates a block that the English page does not have"
            yield Finding(
                path, pair.own.line, problem, "move what is worth keeping, delete the rest", "warning"
            )
        elif pair.state != "fresh":
            counts[pair.note if pair.note == "unconfirmed" else "missing"] += 1
    if counts:
        said = " and ".join(f"{n} {what}" for what, n in sorted(counts.items(), reverse=True))
        yield Finding(path, 0, f"blocks of text: {said}", "`translate next` shows what to do", "warning")


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
    terms = {
        x: {t for p in pages if p.language in (x, book.source) for t in _terms(p)} for x in book.language_keys
    }
    for page in pages:
        prose = _prose(page)
        for line, role, target in _roles(prose):
            known = cited if role.startswith("cite") else labels[page.language]
            if role == "doc":
                continue
            if role == "term":
                if " ".join(target.lower().split()) not in terms[page.language]:
                    problem = f"{{term}} names {target!r}, which no glossary explains"
                    mend = "mend the name, or add the term to the glossary page"
                    yield Finding(book.relative(page.path), line, problem, mend)
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


def _terms(page: Page) -> Iterator[str]:
    """What the glossaries of a page explain, as references find it."""
    for directive in (d for d in page.directives if d.name == "glossary"):
        for line in page.text.split("\n")[directive.line : directive.end_line - 1]:
            if line and not line[0].isspace():
                yield " ".join(line.lower().split())


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


def _torn_bibliography(book: Book) -> Iterator[Finding]:
    """The first place where the list of references cannot be read, or holds a work twice."""
    from pybtex.database import BibliographyDataError, parse_file
    from pybtex.scanner import PybtexSyntaxError

    path = book.root / "chapters" / "references.bib"
    try:
        if path.is_file():
            parse_file(str(path), "bibtex")
    except PybtexSyntaxError as error:
        problem = str(error.args[0]) if error.args else "syntax error"
        yield Finding(
            book.relative(path), error.lineno, f"cannot be read here: {problem}", "mend the entry above"
        )
    except BibliographyDataError as error:
        yield Finding(book.relative(path), 0, str(error), "keep one of the two")


def _terms_twice(book: Book, page: Page) -> Iterator[Finding]:
    """Terms that a glossary holds more than once."""
    for directive in (d for d in page.directives if d.name == "glossary"):
        lines = page.text.split("\n")[directive.line : directive.end_line - 1]
        first: dict[str, int] = {}
        for number, line in enumerate(lines, directive.line + 1):
            if line and not line[0].isspace() and first.setdefault(line, number) != number:
                problem = f"the term {line!r} stands in the glossary already, in line {first[line]}"
                yield Finding(book.relative(page.path), number, problem, "keep one of the two")


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
