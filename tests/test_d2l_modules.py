"""Each module of the helper package needs its own framework only, and all offer the same names."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from bookbuild import environments
from bookbuild.config import load_book

ROOT = Path(__file__).parent.parent
BOOK = load_book(ROOT)
OWN = {
    "pytorch": {"torch"},
    "tensorflow": {"tensorflow", "keras"},
    "mxnet": {"mxnet"},
    "jax": {"jax", "flax", "optax"},
}
EVERY = set().union(*OWN.values())


def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / "d2l" / f"{module}.py").read_text("utf-8"))


def imported(module: str) -> set[str]:
    names = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def public(module: str) -> list[str]:
    (listed,) = (
        node.value
        for node in tree(module).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    )
    return ast.literal_eval(listed)


@pytest.mark.parametrize("framework", BOOK.framework_keys)
def test_a_module_imports_its_own_framework_only(framework: str):
    found = imported(BOOK.framework(framework).module) & EVERY
    assert found and found <= OWN[framework]


@pytest.mark.parametrize("module", ["_core", "__init__"])
def test_the_core_imports_no_framework(module: str):
    assert imported(module) & EVERY == set()


def test_the_four_modules_offer_the_same_names():
    names = {f.module: public(f.module) for f in BOOK.frameworks}
    assert len(set(map(tuple, names.values()))) == 1, names


@pytest.mark.kernels
@pytest.mark.parametrize("framework", BOOK.framework_keys)
def test_every_name_is_there_when_the_module_is_imported(framework: str):
    if not environments.ready(ROOT, framework):
        pytest.skip(f"no environment for {framework} here")
    module = BOOK.framework(framework).module
    program = f"from d2l import {module} as d2l; print(all(hasattr(d2l, name) for name in d2l.__all__))"
    python = environments.interpreter(ROOT, framework)
    result = subprocess.run(
        [str(python), "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == ["True"], result.stderr


GENERATORS = "Flax layers draw when they are made, so they are given generators; Keras sizes come from data"
JUSTIFIED = {"ResidualMLP": GENERATORS, "Residual": GENERATORS}
"""public names whose calls differ between the modules, each with the reason"""


def calls(module: str) -> dict[str, tuple[tuple[str, str, str], ...]]:
    """How each public function or class is called: its parameters as (kind, name, default)."""
    found = {}
    for node in tree(module).body:
        if isinstance(node, ast.ClassDef):
            made = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
            found[node.name] = parameters(made[0])[1:] if made else ()
        elif isinstance(node, ast.FunctionDef):
            found[node.name] = parameters(node)
    return {name: call for name, call in found.items() if name in public(module)}


def parameters(node: ast.FunctionDef) -> tuple[tuple[str, str, str], ...]:
    a = node.args
    places = [*a.posonlyargs, *a.args]
    defaults = [None] * (len(places) - len(a.defaults)) + a.defaults
    found = [("place", p.arg, ast.unparse(d) if d else "") for p, d in zip(places, defaults, strict=True)]
    found += [("rest", p.arg, "") for p in (a.vararg, a.kwarg) if p]
    found += [
        ("name", p.arg, ast.unparse(d) if d else "") for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True)
    ]
    return tuple(found)


def test_the_four_modules_are_called_alike_but_where_a_difference_is_justified():
    every = {f.module: calls(f.module) for f in BOOK.frameworks}
    names = set().union(*every.values())
    differ = {name for name in names if len({every[m].get(name) for m in every}) > 1}
    assert differ == set(JUSTIFIED), {n: {m: every[m].get(n) for m in every} for n in differ ^ set(JUSTIFIED)}


def test_every_public_function_says_what_it_does_and_its_types():
    for framework in BOOK.frameworks:
        listed = public(framework.module)
        for node in tree(framework.module).body:
            if isinstance(node, ast.FunctionDef) and node.name in listed:
                assert ast.get_docstring(node), (framework.key, node.name)
                bare = [p.arg for p in (*node.args.args, *node.args.kwonlyargs) if p.annotation is None]
                assert not bare, (framework.key, node.name, bare)
                assert node.returns or node.name == "make_examples", (framework.key, node.name)
