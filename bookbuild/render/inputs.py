"""What a page shows besides its own text: which pages must be read or written again though it is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.files import digest, read_text
from bookbuild.pages import load_page
from bookbuild.render.project import page_language
from bookbuild.translation.book import GLOSSARY, PLOTS
from bookbuild.translation.state import SUFFIX

SHARED = ("d2l/**/*.py", "environments/*.txt", "data/**/*")
"""files that decide whether stored outputs are fresh"""
LOOKS = ("static", "templates")
"""folders of the program that decide how a page looks"""

GLOSSARIES = re.compile(r"^(?:`{3,}|:{3,})\{glossary\}.*\n((?:.*\n)*?)(?:`{3,}|:{3,})$", re.M)

Inputs = tuple[str, tuple[Any, ...], tuple[Any, ...]]


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages that now come from another file, or whose outputs appeared, went or changed in freshness."""
    book, language = app.bookbuild_book, app.config.bookbuild_language
    shared = _stamps(book.root, SHARED)
    before: dict[str, Inputs] = getattr(env, "bookbuild_inputs", {})
    unchanged = shared == getattr(env, "bookbuild_shared", None)
    now = {
        name: _inputs(book, language, name, before.get(name) if unchanged else None)
        for name in book.pages
        if name in env.found_docs
    }
    terms = _glossary_terms(book, language)
    same_terms = terms == getattr(env, "bookbuild_terms", terms)
    env.bookbuild_inputs, env.bookbuild_shared, env.bookbuild_terms = now, shared, terms
    if not same_terms:
        return list(now)  # any page may have links to them
    return [name for name in now if name in before and before[name] != now[name]]


def _glossary_terms(book: Book, language: str) -> frozenset[str]:
    """The terms that the glossaries of a language explain."""
    texts = (book.page_path(page_language(book, language, name), name) for name in book.pages)
    found = (part for path in texts if path.is_file() for part in GLOSSARIES.findall(read_text(path)))
    return frozenset(line for part in found for line in part.split("\n") if line[:1].strip())


def unwritten(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Pages of the site that are older than what was last read of them, or than its styles and scripts.

    Formats share what is read: another one, or a build that was cut off, may have read a change before.
    A page names the version of each style, and Sphinx copies them only when it writes a page.
    """
    if app.builder.format != "html":
        return []
    read = {name: Path(app.doctreedir, f"{name}.doctree") for name in env.found_docs}
    written = {name: Path(app.builder.get_outfilename(name)) for name in env.found_docs}
    style = max(_time(path) for folder in LOOKS for path in (Path(__file__).parent / folder).iterdir())
    return [n for n in env.found_docs if 0 < _time(written[n]) < max(_time(read[n]), style)]


@cache
def sources_digest(root: Path) -> int:
    """Of the program that reads pages and of what it is built with: another one reads everything again.

    Once for a process: it goes on with the program that it began with.
    """
    program = Path(__file__).parents[1]
    paths = [p for p in sorted(program.rglob("*")) if p.suffix in (".py", ".yml")]
    paths += (root / "environments").glob("build.txt")
    return int(digest("".join(map(read_text, paths)))[:15], 16)


def _time(path: Path) -> int:
    """When the file was changed, in ns; 0 when there is none."""
    return path.stat().st_mtime_ns if path.is_file() else 0


def _inputs(book: Book, language: str, docname: str, before: Inputs | None) -> Inputs:
    source = page_language(book, language, docname)
    own = [] if source == book.source else [f"chapters/{source}/{docname}{SUFFIX}", PLOTS.as_posix()]
    own += [] if language == book.source else [GLOSSARY.as_posix()]
    records = _stamps(book.root, [f"outputs/{docname}/*/record.json", *own])
    if before is not None and before[1] == records:
        return source, records, before[2]
    return source, records, tuple(_freshness(book, docname))


def _freshness(book: Book, docname: str) -> Iterator[Any]:
    try:
        page = load_page(book, book.source, docname)
        for framework in page.frameworks if page.groups else ():
            for device in store.devices(page):
                freshness = store.freshness(book, page, framework, device)
                yield framework, device, freshness.missing, tuple(sorted(freshness.stale_cells))
    except BookError as error:
        yield str(error)


def _stamps(root: Path, patterns: tuple[str, ...] | list[str]) -> tuple[Any, ...]:
    paths = sorted(path for pattern in patterns for path in root.glob(pattern) if path.is_file())
    return tuple((str(path.relative_to(root)), path.stat().st_mtime_ns) for path in paths)
