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
