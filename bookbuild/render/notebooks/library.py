"""What a notebook needs of the book's helper package, and how it comes to it.

With a site the first cell installs the wheel that stands beside the notebooks.  Without one the notebook brings
the functions it uses: a registry knows another package by this name.
"""

from __future__ import annotations

import ast
import base64
from collections.abc import Iterator, Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from bookbuild.config import Book
from bookbuild.pages import Page
from bookbuild.render.notebooks.words import words
from bookbuild.store.code import Import, cell_uses, imports_of
from bookbuild.store.modules import Module, absolute, binds, is_ours, read_module
from bookbuild.store.reach import PACKAGE, reach
from bookbuild.store.sources import library

FOLDER = "_library"
MAKE_FOLDER = f"""\
import sys
import tempfile
from pathlib import Path

{FOLDER} = Path(tempfile.mkdtemp())
({FOLDER} / "{PACKAGE}").mkdir()
sys.path.insert(0, str({FOLDER}))"""


def first_cells(book: Book, page: Page, framework: str) -> list[NotebookNode]:
    """The cells before the page's own; none where the page does without the package."""
    sources = [cell.source for cell in page.cells(framework)]
    if not uses_package(sources):
        return []
    says = words(page.language)
    if book.site:
        wheel = f"{book.site}/notebooks/{wheel_name(book.version)}"
        return [_cell("install", f"# {says['install']}\n%pip install -q {wheel}")]
    modules = carried(library(book.root), sources)
    cells = [_cell("library", f"# {says['carried']}\n{MAKE_FOLDER}")]
    cells += [_cell(f"library_{number}", f"%%writefile {{{FOLDER}}}/{path}\n{text}", folded=True)
              for number, (path, text) in enumerate(sorted(modules.items()), 1)]
    if page.front_matter.data:
        cells.append(_cell("library_data", _data(book, page), folded=True))
    return cells


def wheel_name(version: str) -> str:
    return f"d2l-{version}-py3-none-any.whl"


def uses_package(sources: list[str]) -> bool:
    return any(is_ours(item.module, PACKAGE) for source in sources for item in cell_uses(source).imports)


def carried(sources: Mapping[str, str], cells: list[str]) -> dict[str, str]:
    """The part of the package that the cells reach, by file: whole statements, in their order."""
    index = {}
    files = {}
    for name, text in sources.items():
        module = read_module(name.removesuffix(".__init__"), text, name.endswith(".__init__"))
        index[module.name] = module
        files[module.name] = (name.replace(".", "/") + ".py", text)
    found = set(reach(index, [cell_uses(cell) for cell in cells]))
    needed = {name for name in index if f"{name} (import)" in found or f"{name} (whole)" in found}
    kept = {name: _reduced(index, name, files[name][1], found) for name in needed}
    return {files[name][0]: text for name, text in kept.items()}


def _reduced(index: Mapping[str, Module], name: str, source: str, found: set[str]) -> str:
    if f"{name} (whole)" in found:
        return source
    module = index[name]
    home = name if module.package else name.rpartition(".")[0]
    lines = source.split("\n")
    pieces = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            inside = [absolute(item, home) for item in imports_of(node)]
            if any(is_ours(item.module, PACKAGE) for item in inside):
                pieces += _own_import(index, node, inside, found)
                continue
            if _is_future(node) or any(f"{name}.{item.alias or item.module}" in found for item in inside):
                pieces.append(ast.unparse(node))
            continue
        names = set(binds(node))
        if not names or names & module.effect_names or any(f"{name}.{n}" in found for n in names):
            pieces.append(_text(lines, node))
    return "\n\n".join(pieces) + "\n"


def _own_import(index: Mapping[str, Module], node: ast.Import | ast.ImportFrom, inside: list[Import],
                found: set[str]) -> list[str]:
    """An import from the package itself, without the names that nobody needs here."""
    if isinstance(node, ast.Import) or any(item.name == "*" for item in inside):
        return [ast.unparse(node)]
    kept = [alias for alias, item in zip(node.names, inside, strict=True) if _is_reached(index, item, found)]
    if kept:
        return [ast.unparse(ast.ImportFrom(node.module, kept, node.level))]
    module = inside[0].module
    return [f"import {module}"] if module in index else []


def _is_reached(index: Mapping[str, Module], item: Import, found: set[str]) -> bool:
    full = f"{item.module}.{item.name}"
    if full in found or f"{item.module} (whole)" in found:
        return True
    return full in index and f"{full} (import)" in found and full not in index[item.module].symbols


def _is_future(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _text(lines: list[str], node: ast.stmt) -> str:
    """A statement as it is written, with its decorators and the comment above it."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first:node.end_lineno])


def _data(book: Book, page: Page) -> str:
    """Code that writes the page's data where the package looks for it."""
    lines = ["import base64", "", f'({FOLDER} / "data").mkdir()']
    digests = []
    for name in page.front_matter.data:
        content = (book.root / "data" / name).read_bytes()
        encoded = base64.b64encode(content).decode()
        lines.append(f'({FOLDER} / "data" / "{name}").write_bytes(base64.b64decode("{encoded}"))')
    listed = book.root / "data" / "SHA256SUMS"
    if listed.is_file():
        digests = [line for line in listed.read_text("utf-8").splitlines()
                   if line.split(maxsplit=1)[-1].lstrip("*") in page.front_matter.data]
        text = "\\n".join([*digests, ""])
        lines.append(f'({FOLDER} / "data" / "SHA256SUMS").write_text("{text}")')
    return "\n".join(lines)


def _cell(identity: str, source: str, folded: bool = False) -> NotebookNode:
    metadata = {"jupyter": {"source_hidden": True}} if folded else {}
    return new_code_cell(source, id=identity, metadata=metadata)


def carried_modules(cells: Iterator[NotebookNode]) -> list[str]:
    """Names of the files that a notebook brings."""
    marks = (cell.source.split("\n", 1)[0] for cell in cells if cell.source.startswith("%%writefile"))
    return [mark.partition("}/")[2] for mark in marks]
