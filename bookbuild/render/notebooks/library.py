"""What a notebook needs of the book's helper package, and how it comes to it.

With a site the first cell installs the wheel that stands beside the notebooks.  Without one the notebook
brings the functions it uses: the registry's package of this name is another one.
"""

from __future__ import annotations

import ast
import base64
from collections.abc import Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from bookbuild.config import Book
from bookbuild.files import read_text
from bookbuild.pages import Page
from bookbuild.render.strings import strings
from bookbuild.store.code import Import, cell_uses, imports_of, without_docstring
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


def first_cells(book: Book, page: Page, data: tuple[str, ...], framework: str) -> list[NotebookNode]:
    """The cells before the page's own; none where the page does without the package.

    ``data`` names what the page reads.
    """
    sources = [cell.source for cell in page.cells(framework)]
    if not uses_package(sources):
        return []
    says = strings(page.language)
    if book.site:
        wheel = f"{book.site}/notebooks/{wheel_name(book.version)}"
        return [_cell("install", f"# {says['install']}\n%pip install -q {wheel}")]
    modules = carried(library(book.root), sources)
    cells = [_cell("library", f"# {says['carried']}\n{MAKE_FOLDER}")]
    cells += [
        _cell(f"library_{number}", f"%%writefile {{{FOLDER}}}/{path}\n{text}", folded=True)
        for number, (path, text) in enumerate(sorted(modules.items()), 1)
    ]
    if data:
        cells.append(_cell("library_data", _data(book, data), folded=True))
    return cells


def wheel_name(version: str) -> str:
    return f"d2l-{version}-py3-none-any.whl"


def uses_package(sources: list[str]) -> bool:
    return any(is_ours(item.module, PACKAGE) for source in sources for item in cell_uses(source).imports)


def carried(sources: Mapping[str, str], cells: list[str]) -> dict[str, str]:
    """The part of the package that the cells reach, by file: whole statements, in their order.

    Where it cannot be told what is reached, the modules come whole.
    """
    index = {}
    files = {}
    for name, text in sources.items():
        module = read_module(name.removesuffix(".__init__"), text, name.endswith(".__init__"))
        index[module.name] = module
        files[module.name] = (name.replace(".", "/") + ".py", text)
    found = set(reach(index, [cell_uses(cell) for cell in cells]))
    needed = {name for name in index if f"{name} (import)" in found or f"{name} (whole)" in found}
    whole = any(name.endswith(" (whole)") for name in found)
    return {
        files[name][0]: files[name][1] if whole else _reduced(index, name, files[name][1], found)
        for name in needed
    }


def _reduced(index: Mapping[str, Module], name: str, source: str, found: set[str]) -> str:
    tree = ast.parse(source)
    body = without_docstring(tree.body)
    title = (ast.get_docstring(tree) or name).split("\n")[0]
    imports = [text for node in body for text in _kept_import(index, name, node, found)]
    lines = source.split("\n")
    others = [_text(lines, node) for node in body if _is_kept(index[name], node, found)]
    pieces = [f'"""{title}"""', "\n".join(imports), *others]
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


def _is_kept(module: Module, node: ast.stmt, found: set[str]) -> bool:
    """Definitions that are reached, and whatever does something when the module is imported."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return False
    names = set(binds(node))
    return not names or bool(names & module.effect_names) or any(f"{module.name}.{n}" in found for n in names)


def _kept_import(index: Mapping[str, Module], name: str, node: ast.stmt, found: set[str]) -> list[str]:
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return []
    home = name if index[name].package else name.rpartition(".")[0]
    inside = [absolute(item, home) for item in imports_of(node)]
    if any(is_ours(item.module, PACKAGE) for item in inside):
        return _own_import(index, node, inside, found)
    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    used = any(f"{name}.{item.alias or item.module}" in found for item in inside)
    return [ast.unparse(node)] if future or used else []


def _own_import(
    index: Mapping[str, Module], node: ast.Import | ast.ImportFrom, inside: list[Import], found: set[str]
) -> list[str]:
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
    if full in found:
        return True
    return full in index and f"{full} (import)" in found and full not in index[item.module].symbols


def _text(lines: list[str], node: ast.stmt) -> str:
    """A statement as it is written, with its decorators and the comment above it."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first : node.end_lineno])


def _data(book: Book, names: tuple[str, ...]) -> str:
    """Code that writes data where the package looks for it."""
    folder = book.root / "data"
    lines = ["import base64", "", f'({FOLDER} / "data").mkdir()']
    for name in names:
        encoded = base64.b64encode((folder / name).read_bytes()).decode()
        lines.append(f'({FOLDER} / "data" / "{name}").write_bytes(base64.b64decode("{encoded}"))')
    listed = folder / "SHA256SUMS"
    if listed.is_file():
        sums = [
            line for line in read_text(listed).splitlines() if line.split(maxsplit=1)[-1].lstrip("*") in names
        ]
        lines.append(f'({FOLDER} / "data" / "SHA256SUMS").write_text({chr(10).join([*sums, ""])!r})')
    return "\n".join(lines)


def _cell(identity: str, source: str, folded: bool = False) -> NotebookNode:
    metadata = {"jupyter": {"source_hidden": True}} if folded else {}
    return new_code_cell(source, id=identity, metadata=metadata)
