"""What counts in a piece of Python: its normal form, the names it uses, what it imports.

The normal form is the same under Python 3.11 to 3.14 and is blind to comments, docstrings and layout.
"""

from __future__ import annotations

import ast
import io
import re
import symtable
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

DOCUMENTATION = frozenset({"help", "inspect", "pydoc"})
"""names through which comments and docstrings become results; so does the attribute ``__doc__``"""
NAMESPACES = frozenset({"builtins", "compile", "eval", "exec", "globals", "locals", "vars"})
"""names through which any name in sight may be used; ``vars(x)`` shows only x, which is followed by itself"""
IMPORTERS = frozenset({"__import__", "importlib", "pkgutil", "runpy"})
"""names through which any module may be used; so may ``sys.modules``"""
MAGIC = re.compile(r"^(\s*)((?:[\w.,\s]+=\s*)?)([%!?].*|.*\?{1,2})$")
_LAYOUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Import:
    """One name that an import statement binds."""

    module: str
    """absolute, or with leading dots"""
    name: str | None
    """None for ``import module``; ``*`` for a star import"""
    alias: str
    """the name that it binds"""


@dataclass(frozen=True, slots=True)
class Uses:
    """The names a piece of code takes from outside itself."""

    chains: frozenset[tuple[str, ...]] = frozenset()
    """``d2l.torch.Module`` as ``("d2l", "torch", "Module")``; only those whose first name is global"""
    imports: tuple[Import, ...] = ()
    namespaces: bool = False
    importers: bool = False
    documentation: bool = False


@lru_cache(maxsize=8192)
def parse_cell(source: str) -> ast.Module | None:
    """The cell's syntax tree, IPython's magics taken as calls; None when it is not Python."""
    for text in (source, without_magics(source)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            continue
    return None


def without_magics(source: str) -> str:
    """IPython's own lines as calls that a Python parser can read."""
    lines = []
    for line in source.split("\n"):
        found = MAGIC.match(line)
        if found:
            indent, target, magic = found.groups()
            line = f"{indent}{target}__magic__({magic!r})"
        lines.append(line)
    return "\n".join(lines)


@lru_cache(maxsize=8192)
def normal_cell(source: str) -> str:
    """The cell's normal form.  A cell that is not Python counts as it is written."""
    tree = parse_cell(source)
    if tree is None:
        return "text:" + as_written(source)
    # IPython shows a cell's last value unless a semicolon ends it, which the tree does not tell
    return normal(tree) + (";" if _ends_with_semicolon(source) else "")


def as_written(source: str) -> str:
    """The text with its comments and docstrings; only blanks at line ends do not count."""
    return "\n".join(line.rstrip() for line in source.strip("\n").split("\n"))


def normal(node: ast.AST) -> str:
    """A syntax tree as text, without positions, comments and docstrings."""
    parts = []
    for field, value in sorted(ast.iter_fields(node)):
        if field in _LAYOUT:
            continue
        if field == "body" and isinstance(node, _DOCUMENTED):
            value = without_docstring(value)
        elif isinstance(node, ast.JoinedStr):
            value = [
                v for v in value if not (isinstance(v, ast.Constant) and v.value == "")
            ]  # Python 3.12.0-1
        text = _value(value)
        if text:
            parts.append(f"{field}={text}")
    return f"{type(node).__name__}({','.join(parts)})"


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    value = first.value if isinstance(first, ast.Expr) else None
    return body[1:] if isinstance(value, ast.Constant) and isinstance(value.value, str) else body


def _value(value: object) -> str:
    if isinstance(value, ast.AST):
        return normal(value)
    if isinstance(value, list):
        return f"[{','.join(map(_value, value))}]" if value else ""
    return "" if value is None else f"{type(value).__name__}:{value!r}"


def _ends_with_semicolon(source: str) -> bool:
    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in (
                tokenize.COMMENT,
                tokenize.NL,
                tokenize.NEWLINE,
                tokenize.ENDMARKER,
                tokenize.DEDENT,
            ):
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return source.rstrip().endswith(";")
    return last == ";"


@lru_cache(maxsize=8192)
def cell_uses(source: str) -> Uses:
    """What a cell uses; one that is not Python, or that asks IPython, may use anything that it names."""
    tree = parse_cell(source)
    if tree is None:
        words = frozenset((word,) for word in re.findall(r"[^\W\d]\w*", source))
        return Uses(words, namespaces=True, documentation=True)
    found = uses(tree)
    if ("__magic__",) in found.chains:
        return replace(found, namespaces=True, documentation="?" in source)
    return found


def uses(tree: ast.AST) -> Uses:
    """The names that a tree takes from outside its own functions."""
    imports = tuple(imports_of(tree))
    seen = _global_names(tree)
    # what a function imports is local to it and yet comes from outside
    outside = None if seen is None else seen | {i.alias for i in imports}
    chains = frozenset(c for c in _chains(tree) if outside is None or c[0] in outside)
    roots = {c[0] for c in chains} | {i.module.split(".")[0] for i in imports}
    attributes = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return Uses(
        chains,
        imports,
        namespaces=bool(roots & NAMESPACES - ({"vars"} if _only_of_objects(tree) else set())),
        importers=bool(roots & IMPORTERS)
        or any(c[:2] == ("sys", "modules") for c in chains)
        or any(i.module == "sys" and i.name in ("modules", "*") for i in imports),
        documentation=bool(roots & DOCUMENTATION) or "__doc__" in attributes,
    )


def _only_of_objects(tree: ast.AST) -> bool:
    """Whether ``vars`` is only ever called with an object, and never for the names in sight."""
    calls = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call) and n.args]
    named = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "vars"]
    return all(any(n is call for call in calls) for n in named)


def imports_of(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                # `import a.b` binds `a`; `import a.b as c` binds `a.b`
                module = name.name if name.asname else name.name.split(".")[0]
                yield Import(module, None, name.asname or module)
                if not name.asname and "." in name.name:
                    yield Import(name.name, None, "")
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for name in node.names:
                yield Import(module, name.name, name.asname or name.name)


def _chains(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """Names with the attributes taken from them, each as long as it stands in the code."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            yield (node.id, *reversed(attributes))
        else:
            todo.extend(ast.iter_child_nodes(node))


def _global_names(tree: ast.AST) -> frozenset[str] | None:
    """Names that are not local to a function of the tree; None when that cannot be told."""
    try:
        table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return None
    names = {s.get_name() for s in table.get_symbols()}
    todo = list(table.get_children())
    while todo:
        inner = todo.pop()
        in_class = inner.get_type() == "class"  # its body may read a global and then bind that name itself
        used = (s for s in inner.get_symbols() if s.is_global() or (in_class and s.is_referenced()))
        names |= {s.get_name() for s in used}
        todo += inner.get_children()
    return frozenset(names)
