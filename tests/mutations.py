"""A small world (d2l, pages, lock, data), hundreds of edits of it, and what running it says of each.

The edits come from Python's own syntax trees and tokens; what they change is found by running the pages
(``fixtures/mutations/oracle.py``).  Nothing here reads how keys are made.
"""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

FIXTURE = Path(__file__).parent / "fixtures" / "mutations"
LOCK = "# made by hand\nfakelib==2.0\nother-thing==1.4 \\\n    --hash=sha256:aa\n"
DATA = {"numbers.json": "[1, 2, 3.5]\n", "unlisted.json": "[0]\n"}
PROSE = "# A page\n\nWhat this page says, in *words*.\n"

QUIET = ("comment", "docstring", "layout", "unrelated", "prose", "lock comment", "unlisted data")
"""kinds of edits that change no output, whatever they are done to"""
LONELY = ("lonely", "Hermit", "recluse", "stranger", "forgotten", "elsewhere", "RATE")
"""definitions that the fixture's other code and pages never name"""
ASKS = ("asking",)
"""pages that show comments and docstrings: there these may count"""
ANY = ("dynamic", "star")
"""pages that may use any definition of d2l: there code that nothing names may count"""


@dataclass(frozen=True)
class World:
    modules: dict[str, str]
    """source by file name below ``d2l``"""
    pages: dict[str, tuple[tuple[str, str, bool], ...]]
    """by page its cells: name, source, whether it may raise"""
    prose: str = PROSE
    lock: str = LOCK
    data: dict[str, str] = field(default_factory=lambda: dict(DATA))


@dataclass(frozen=True)
class Edit:
    kind: str
    where: str
    what: str
    world: World


def world() -> World:
    modules = {p.name: p.read_text() for p in sorted((FIXTURE / "d2l").glob("*.py"))}
    return World(modules, {p.stem: _cells(p.read_text()) for p in sorted((FIXTURE / "pages").glob("*.py"))})


def _cells(text: str) -> tuple[tuple[str, str, bool], ...]:
    parts = re.split(r"^# %% (.*)\n", text, flags=re.MULTILINE)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return tuple((head.split()[0], source.strip("\n"), "raises" in head) for head, source in pairs)


def run(folder: Path, world: World) -> dict[str, list[str]]:
    """What each cell of each page gives in this world."""
    (folder / "d2l").mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    for name, source in world.modules.items():
        (folder / "d2l" / name).write_text(source)
    for name, text in world.data.items():
        (folder / "data" / name).write_text(text)
    (folder / "lock.txt").write_text(world.lock)
    pages = {
        page: [{"name": name, "source": source, "raises": raises} for name, source, raises in cells]
        for page, cells in world.pages.items()
    }
    (folder / "pages.json").write_text(json.dumps(pages))
    done = subprocess.run(
        [sys.executable, "-B", "-S", "-E", str(FIXTURE / "oracle.py"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONHASHSEED": "0"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# --- edits


def edits(base: World) -> Iterator[Edit]:
    """Every edit of a world, none twice."""
    seen = {json.dumps([base.modules, base.pages, base.prose, base.lock, base.data])}
    for edit in _all(base):
        w = edit.world
        text = json.dumps([w.modules, w.pages, w.prose, w.lock, w.data])
        if text not in seen:
            seen.add(text)
            yield edit


def _all(base: World) -> Iterator[Edit]:
    for name, source in base.modules.items():
        for kind, what, text in [*_code(source), *_quiet(source)]:
            yield Edit(kind, f"d2l/{name}", what, replace(base, modules={**base.modules, name: text}))
    for page, cells in base.pages.items():
        for n, (cell, source, raises) in enumerate(cells):
            for kind, what, text in [*_code(source), *_quiet(source)]:
                if raises and kind in QUIET:
                    kind = "text of an error"  # the output quotes the line that raised, as it is written
                changed = (*cells[:n], (cell, text, raises), *cells[n + 1 :])
                yield Edit(kind, f"{page}: {cell}", what, replace(base, pages={**base.pages, page: changed}))
        yield from _rows(base, page, cells)
    yield from _surroundings(base)


def _rows(base: World, page: str, cells: tuple[tuple[str, str, bool], ...]) -> Iterator[Edit]:
    """Cells taken out, exchanged, added."""
    for n in range(1, len(cells)):
        gone = (*cells[:n], *cells[n + 1 :])
        yield Edit("cell gone", f"{page}: {cells[n][0]}", "", replace(base, pages={**base.pages, page: gone}))
        swapped = (*cells[: n - 1], cells[n], cells[n - 1], *cells[n + 1 :])
        where = f"{page}: {cells[n][0]} before {cells[n - 1][0]}"
        yield Edit("cells exchanged", where, "", replace(base, pages={**base.pages, page: swapped}))
        for source in ("x = -5", "d2l = None", "pass", "import math as d2l"):
            more = (*cells[:n], ("added", source, False), *cells[n:])
            yield Edit("cell added", f"{page}: {n}", source, replace(base, pages={**base.pages, page: more}))


def _surroundings(base: World) -> Iterator[Edit]:
    for version in ("2.1", "3.0"):
        yield Edit(
            "lock",
            "fakelib",
            version,
            replace(base, lock=LOCK.replace("fakelib==2.0", f"fakelib=={version}")),
        )
    yield Edit("lock", "other-thing", "1.5", replace(base, lock=LOCK.replace("1.4", "1.5")))
    yield Edit("lock", "new", "", replace(base, lock=LOCK + "new==1\n"))
    quiet = {"# made by hand": "# made by `make lock`", "sha256:aa": "sha256:bb"}
    pairs = [*quiet.items(), ("fakelib==2.0", "fakelib==2.0  # of d2l"), ("fakelib==2.0", "fakelib==2.0+cpu")]
    for old, new in pairs:
        yield Edit("lock comment", "lock", new, replace(base, lock=LOCK.replace(old, new)))
    for text in ("[1, 2, 3.25]\n", "[1, 2, 3.5, 0]\n", "[2, 1, 3.5]\n"):
        yield Edit("data", "numbers.json", text, replace(base, data={**DATA, "numbers.json": text}))
    yield Edit("unlisted data", "unlisted.json", "", replace(base, data={**DATA, "unlisted.json": "[9]\n"}))
    for prose in (
        PROSE + "More words.\n",
        PROSE.replace("words", "other words"),
        PROSE.replace("A page", "Page"),
    ):
        yield Edit("prose", "prose", prose, replace(base, prose=prose))


def _code(source: str) -> Iterator[tuple[str, str, str]]:
    """Edits of what the code does, one place at a time, as (kind, what, new source)."""
    for n, node in enumerate(_nodes(source)):
        for kind, change in _changes(node):
            tree = ast.parse(source)
            twin = list(_walk(tree))[n]
            change(twin, tree)
            inside = _owner(tree, twin)
            try:
                text = ast.unparse(ast.fix_missing_locations(tree))
                ast.parse(text)
            except (SyntaxError, ValueError):
                continue
            yield (
                ("unrelated" if inside in LONELY else kind),
                f"{inside} line {getattr(node, 'lineno', 0)}",
                text,
            )


def _nodes(source: str) -> list[ast.AST]:
    return list(_walk(ast.parse(source)))


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes without docstrings and annotations."""
    docstrings = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            docstrings.add(first.value)
    yield from (node for node in ast.walk(tree) if node not in docstrings)


def _owner(tree: ast.Module, node: ast.AST) -> str:
    """The top-level definition, constant or import that a node stands in."""
    for statement in tree.body:
        if any(child is node for child in ast.walk(statement)):
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                return statement.targets[0].id
            return getattr(statement, "name", type(statement).__name__)
    return "module"


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[..., object]]]:
    """Ways to change one node, each a function of the node and its tree."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", lambda n, t: setattr(n, "value", not n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "constant", lambda n, t: setattr(n, "value", n.value + 1)
        yield "constant", lambda n, t: setattr(n, "value", -n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield "constant", lambda n, t: setattr(n, "value", n.value + "s")
    elif isinstance(node, ast.BinOp):
        yield "operator", lambda n, t: setattr(n, "op", ast.Sub() if isinstance(n.op, ast.Add) else ast.Add())
        yield "operands exchanged", lambda n, t: _swap(n, "left", "right")
    elif isinstance(node, ast.Compare):
        yield (
            "comparison",
            lambda n, t: setattr(n, "ops", [ast.NotEq() if isinstance(n.ops[0], ast.Eq) else ast.Eq()]),
        )
    elif isinstance(node, ast.If):
        yield "branch", lambda n, t: setattr(n, "test", ast.Constant(value=False))
        yield "branch", lambda n, t: setattr(n, "test", ast.Constant(value=True))
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "return", lambda n, t: setattr(n, "value", ast.Constant(value=None))
    elif isinstance(node, ast.arguments) and node.defaults:
        yield "default", lambda n, t: n.defaults.__setitem__(-1, ast.Constant(value=8))
    elif isinstance(node, ast.arguments) and node.kw_defaults:
        yield "default", lambda n, t: n.kw_defaults.__setitem__(-1, ast.Constant(value=8))
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        yield "arguments exchanged", lambda n, t: n.args.reverse()
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield "attribute", lambda n, t: setattr(n, "attr", n.attr + "_")
    elif isinstance(node, ast.Lambda):
        yield "lambda", lambda n, t: setattr(n, "body", ast.Constant(value=1))
    if getattr(node, "decorator_list", None):
        yield "decorator", lambda n, t: n.decorator_list.pop()
    if getattr(node, "bases", None):
        yield "base class", lambda n, t: n.bases.clear()
    body = getattr(node, "body", None)
    if isinstance(body, list) and not isinstance(node, ast.Lambda):
        for index, statement in enumerate(body):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            yield "statement gone", lambda n, t, i=index: n.body.__setitem__(i, ast.Pass())
        if len(body) > 2 and isinstance(node, ast.FunctionDef | ast.Module):
            yield "statements exchanged", lambda n, t: n.body.__setitem__(slice(-2, None), n.body[:-3:-1])


def _swap(node: ast.AST, a: str, b: str) -> None:
    left, right = getattr(node, a), getattr(node, b)
    setattr(node, a, right)
    setattr(node, b, left)


def _quiet(source: str) -> Iterator[tuple[str, str, str]]:
    """Edits that change no output: comments, docstrings, layout, code that nothing names."""
    lines = source.split("\n")
    free = [n for n, text in enumerate(lines) if _outside_strings(source, n + 1)]
    for n in free[::4]:
        indent = re.match(r"\s*", lines[n])[0]
        yield "comment", f"line {n + 1}", "\n".join([*lines[:n], f"{indent}# said of it", *lines[n:]])
        if n % 8 == 0 and lines[n].strip() and "#" not in lines[n] and not lines[n].endswith("\\"):
            yield "comment", f"line {n + 1}", "\n".join([*lines[:n], lines[n] + "  # so", *lines[n + 1 :]])
    for n, text in enumerate(lines):
        if re.match(r'\s*"""[^"]*"""$', text):
            yield (
                "docstring",
                f"line {n + 1}",
                "\n".join([*lines[:n], text[:-3] + ' And more."""', *lines[n + 1 :]]),
            )
    if not source.rstrip().endswith(";"):  # unparse drops it, and with it the silence
        yield "layout", "unparsed", ast.unparse(ast.parse(source))
    yield "layout", "blank lines", "\n\n".join(lines) if _no_multiline_strings(source) else source + "\n"
    if "def " in source and "__all__" in source:
        yield (
            "unrelated",
            "new function",
            source.replace("\n__all__", "\ndef newcomer(x):\n    return x\n\n\n__all__"),
        )


def _outside_strings(source: str, line: int) -> bool:
    """Whether a comment can stand before this line without being inside a string or a bracket."""
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.STRING and token.start[0] < line <= token.end[0]:
                return False
            if token.start[0] >= line:
                break
            depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
    except tokenize.TokenError:
        return False
    return depth == 0


def _no_multiline_strings(source: str) -> bool:
    return all(
        token.start[0] == token.end[0]
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.STRING
    )
