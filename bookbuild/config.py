"""The book's facts, read from ``_config.yml`` and ``_toc.yml``: frameworks, languages, pages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bookbuild.errors import BookError
from bookbuild.files import read_text

CONFIG, TOC = "_config.yml", "_toc.yml"


@dataclass(frozen=True, slots=True)
class Framework:
    key: str
    """as in cells' tags: ``pytorch``"""
    title: str
    """as readers write it: ``PyTorch``"""
    module: str
    """its module in the helper package: ``torch`` for ``d2l.torch``"""


@dataclass(frozen=True, slots=True)
class Language:
    key: str
    """the folder below ``chapters/``: ``pt``"""
    title: str
    """its own name: ``Português``"""
    sphinx: str
    """Sphinx's catalogue: ``pt_BR``"""
    html: str
    """BCP 47 tag: ``pt-BR``"""
    book_title: str


@dataclass(frozen=True, slots=True)
class Book:
    root: Path
    title: str
    author: str
    version: str
    frameworks: tuple[Framework, ...]
    languages: tuple[Language, ...]
    pages: tuple[str, ...]
    """document names in the order of the table of contents"""
    myst_extensions: tuple[str, ...]
    site: str = ""
    """the address of the published site, or nothing"""
    source: str = "en"

    @property
    def framework_keys(self) -> tuple[str, ...]:
        return tuple(f.key for f in self.frameworks)

    @property
    def language_keys(self) -> tuple[str, ...]:
        return tuple(x.key for x in self.languages)

    def framework(self, key: str) -> Framework:
        return next(f for f in self.frameworks if f.key == key)

    def language(self, key: str) -> Language:
        return next(x for x in self.languages if x.key == key)

    def page_path(self, language: str, docname: str) -> Path:
        return self.root / "chapters" / language / f"{docname}.md"

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def find_root(start: Path) -> Path:
    """The nearest folder at or above ``start`` that holds the configuration and the table of contents."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CONFIG).is_file() and (folder / TOC).is_file():
            return folder
    raise BookError.at(start, 0, f"no {CONFIG} and {TOC} here or above", "run inside a clone of the book")


def load_book(root: Path) -> Book:
    root = root.resolve()
    config = _mapping(root / CONFIG)
    sphinx = _section(_section(config, "sphinx"), "config")
    return Book(
        root=root,
        title=str(config.get("title", "")),
        author=str(config.get("author", "")),
        version=_version(root),
        frameworks=tuple(_entries(root, sphinx, "bookbuild_frameworks", Framework)),
        languages=tuple(_entries(root, sphinx, "bookbuild_languages", Language)),
        pages=tuple(_docnames(_mapping(root / TOC), root / TOC)),
        myst_extensions=tuple(_section(config, "parse").get("myst_enable_extensions") or ()),
        site=str(sphinx.get("bookbuild_site") or "").rstrip("/"),
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """What a command works on; everything where the reader named nothing."""

    languages: tuple[str, ...]
    frameworks: tuple[str, ...]
    pages: tuple[str, ...]


def select(book: Book, languages: str = "", frameworks: str = "", pages: str = "") -> Selection:
    """Read ``LANGS=``, ``FRAMEWORKS=`` and ``PAGES=``.  An unknown name is one error listing the known."""
    return Selection(
        languages=choose("LANGS", languages, book.language_keys),
        frameworks=choose("FRAMEWORKS", frameworks, book.framework_keys),
        pages=choose("PAGES", pages, book.pages),
    )


def require_known(variable: str, name: str, known: Sequence[str], given: str = "") -> str:
    """The name itself; one that is not known raises BookError listing those that are.

    ``given`` is all that was written, where the name is a part of it.
    """
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        guess = f"did you mean {close[0]!r}? known: " if close else "known: "
        raise BookError.at(f"{variable}={given or name}", 0, f"{name!r} is unknown", guess + " ".join(known))
    return name


def choose(variable: str, value: str, known: Sequence[str]) -> tuple[str, ...]:
    wanted = [require_known(variable, name, known, value) for name in value.replace(",", " ").split()]
    return tuple(k for k in known if k in wanted) if wanted else tuple(known)


def _mapping(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BookError.at(path, 0, "is missing", "restore it from the repository")
    try:
        value = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise BookError.at(
            path, yaml_line(error), f"is not valid YAML ({yaml_problem(error)})", "mend the line"
        ) from None
    if not isinstance(value, dict):
        raise BookError.at(path, 1, "is not a mapping of keys to values", "see DESIGN for its form")
    return value


def _section(values: dict[str, Any], key: str) -> dict[str, Any]:
    """A part of the configuration that holds keys; an empty one counts as absent."""
    found = values.get(key) or {}
    if not isinstance(found, dict):
        raise BookError.at(
            CONFIG, 0, f"`{key}:` is not a mapping of keys to values", "indent its keys below it"
        )
    return found


def yaml_line(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else 1


def yaml_problem(error: yaml.YAMLError) -> str:
    return getattr(error, "problem", None) or str(error).splitlines()[0]


def _entries(root: Path, config: dict[str, Any], key: str, kind: type) -> Iterator[Any]:
    table = config.get(key)
    if not isinstance(table, dict) or not table:
        raise BookError.at(
            root / CONFIG, 0, f"sphinx.config.{key} is missing", "list at least one entry there"
        )
    for name, fields in table.items():
        try:
            yield kind(key=str(name), **{k: str(v) for k, v in fields.items()})
        except (TypeError, AttributeError):
            wanted = [f for f in kind.__dataclass_fields__ if f != "key"]
            raise BookError.at(
                root / CONFIG, 0, f"{key}.{name} is incomplete", f"give it exactly {', '.join(wanted)}"
            ) from None


def _docnames(toc: Any, path: Path) -> Iterator[str]:
    if not isinstance(toc, dict):
        raise BookError.at(path, 0, f"{toc!r} is no entry", "write `- file: chapter/page`")
    if "root" in toc:
        yield str(toc["root"])
    if "file" in toc:
        yield str(toc["file"])
    for key in ("parts", "chapters", "sections", "subtrees", "entries"):
        children = toc.get(key) or []
        if not isinstance(children, list):
            raise BookError.at(path, 0, f"`{key}:` is no list", "write `- file: chapter/page` below it")
        for child in children:
            yield from _docnames(child, path)


def _version(root: Path) -> str:
    """The helper package's version, from its one place."""
    path = root / "d2l" / "__init__.py"
    found = re.search(r'^__version__ = "([^"]+)"', read_text(path), re.M) if path.is_file() else None
    return found.group(1) if found else "0"
