"""The modules of ``d2l`` as an index: what each defines, what its import runs, what each part uses."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bookbuild.store.code import Import, Uses, as_written, imports_of, normal, uses, without_docstring

PURE_DECORATORS = frozenset(
    {
        "abstractmethod",
        "cache",
        "cached_property",
        "classmethod",
        "contextmanager",
        "dataclass",
        "deprecated",
        "lru_cache",
        "overload",
        "override",
        "property",
        "setter",
        "staticmethod",
        "total_ordering",
        "wraps",
    }
)
"""decorators that leave nothing behind but the definition they stand on"""
_Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Part:
    """A definition, or all that runs when a module is imported."""

    normal: str
    written: str
    uses: Uses


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    package: bool
    symbols: Mapping[str, Part]
    """definitions, literal constants, and imports from outside d2l, by the name they bind"""
    imports: tuple[Import, ...]
    """imports from d2l at top level, with absolute module names"""
    effects: Part
    """the statements that do something when the module is imported"""
    effect_names: frozenset[str]
    whole: Part
    hooks: bool
    """whether a class of this module is told of its subclasses: then every definition may matter"""

    def bindings(self, name: str) -> list[Import]:
        """The imports from d2l that bind a name, those inside other statements too."""
        return [i for i in (*self.imports, *self.effects.uses.imports) if i.alias == name != "*"]

    @property
    def stars(self) -> tuple[str, ...]:
        return tuple(i.module for i in self.imports if i.name == "*")


@lru_cache(maxsize=512)
def read_module(name: str, source: str, package: bool) -> Module:
    """Index one module.  One that is not Python counts as a whole, as it is written."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        whole = Part("text:" + as_written(source), as_written(source), Uses())
        return Module(name, package, {}, (), whole, frozenset(), whole, hooks=False)
    body = without_docstring(tree.body)
    home = name if package else name.rpartition(".")[0]
    bound: dict[str, list[ast.stmt]] = {}
    imports: list[Import] = []
    effects: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            inside = [absolute(i, home) for i in imports_of(node)]
            ours = [i for i in inside if is_ours(i.module, name)]
            imports += ours
            for outside in (i for i in inside if i not in ours):
                bound.setdefault(outside.alias or outside.module, []).append(node)
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                effects.append(node)
        elif _is_quiet(node):
            for bound_name in binds(node):
                bound.setdefault(bound_name, []).append(node)
        else:
            effects.append(node)
    symbols = {n: _part(nodes, source, home) for n, nodes in bound.items()}
    names = frozenset(n for node in effects for n in binds(node))
    return Module(
        name,
        package,
        symbols,
        tuple(imports),
        _part(effects, source, home),
        names,
        _part(body, source, home),
        hooks="__init_subclass__" in source,
    )


def is_ours(module: str, name: str) -> bool:
    return module.split(".")[0] == name.split(".")[0]


def absolute(item: Import, home: str) -> Import:
    """An import with its dots resolved against the package ``home``."""
    dots = len(item.module) - len(item.module.lstrip("."))
    if not dots:
        return item
    parts = home.split(".")
    base = parts[: len(parts) - dots + 1]
    return Import(".".join([*base, *filter(None, [item.module[dots:]])]), item.name, item.alias)


def binds(node: ast.AST) -> Iterator[str]:
    """Names that a top-level statement binds in its module."""
    if isinstance(node, _Definition):
        yield node.name
        return
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif isinstance(child, _Definition):
            yield child.name
        elif isinstance(child, ast.Import | ast.ImportFrom):
            yield from (i.alias for i in imports_of(child) if i.alias)


def _part(nodes: Iterable[ast.stmt], source: str, home: str) -> Part:
    nodes = list(nodes)
    tree = ast.Module(body=nodes, type_ignores=[])
    found = uses(tree)
    resolved = tuple(absolute(i, home) for i in found.imports)
    written = "\n".join(as_written(_segment(source, n)) for n in nodes)
    return Part(
        normal(tree),
        written,
        Uses(found.chains, resolved, found.namespaces, found.importers, found.documentation),
    )


def _segment(source: str, node: ast.stmt) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])
    return "\n".join(source.split("\n")[first - 1 : node.end_lineno])


def _is_quiet(node: ast.stmt) -> bool:
    """Whether running the statement does nothing but bind its own name."""
    if isinstance(node, ast.Assign):
        return all(isinstance(t, ast.Name) for t in node.targets) and _is_literal(node.value)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and (node.value is None or _is_literal(node.value))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return _is_quiet_function(node)
    return isinstance(node, ast.ClassDef) and _is_quiet_class(node)


def _is_quiet_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
    return all(map(_is_pure_decorator, node.decorator_list)) and not any(map(_calls, defaults))


def _is_quiet_class(node: ast.ClassDef) -> bool:
    if node.keywords or any(map(_calls, node.bases)) or not all(map(_is_pure_decorator, node.decorator_list)):
        return False
    for item in without_docstring(node.body):
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            if not _is_quiet_function(item):
                return False
        elif isinstance(item, ast.ClassDef):
            if not _is_quiet_class(item):
                return False
        elif isinstance(item, ast.Assign | ast.AnnAssign):
            if item.value is not None and any(map(_is_effect, _call_nodes(item.value))):
                return False
        elif not isinstance(item, ast.Pass):
            return False
    return True


def _is_literal(node: ast.expr) -> bool:
    allowed = (
        ast.Constant,
        ast.Tuple,
        ast.List,
        ast.Dict,
        ast.Set,
        ast.UnaryOp,
        ast.BinOp,
        ast.unaryop,
        ast.operator,
        ast.expr_context,
    )
    return all(isinstance(child, allowed) for child in ast.walk(node))


def _is_pure_decorator(node: ast.expr) -> bool:
    call = node.func if isinstance(node, ast.Call) else node
    arguments = [*node.args, *(k.value for k in node.keywords)] if isinstance(node, ast.Call) else []
    name = call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
    return name in PURE_DECORATORS and not any(map(_calls, arguments))


def _call_nodes(node: ast.AST) -> list[ast.Call]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Call)]


def _calls(node: ast.AST) -> bool:
    return bool(_call_nodes(node))


def _is_effect(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name not in ("field", "property", "staticmethod", "classmethod")
