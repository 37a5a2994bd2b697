"""Marks in a page's Markdown, pieces of Markdown, and the part of the package that a notebook brings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bookbuild.config import load_book
from bookbuild.render.notebooks.contexts import Emphasis, Link, PipeTable, code_span
from bookbuild.render.notebooks.library import carried, uses_package
from bookbuild.render.notebooks.marks import END, CellMark, cell_mark, only_for, parts
from bookbuild.render.strings import catalogue

ROOT = Path(__file__).parent.parent
CORE = '''"""Core.

More about it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

__all__ = ["area", "dump", "unused"]

PI = math.pi
NAME = "core"


def area(r):
    """Of a circle."""
    return _square(r) * PI


# how the area grows
def _square(r):
    return r * r


def dump(x):
    return json.dumps(x)


def unused():
    return Path(NAME)
'''
TORCH = '''"""For torch.

Generated.
"""

from d2l._core import (
    area,
    dump,
    unused,
)

import math


def double(r):
    return 2 * area(r)


def other():
    return math.e


__all__ = ["area", "double", "dump", "other", "unused"]
'''
SOURCES = {"d2l.__init__": '"""Helpers."""\n\n__version__ = "1"\n', "d2l._core": CORE, "d2l.torch": TORCH}


def page(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_a_page_is_cut_at_its_cells_and_keeps_one_framework():
    text = page(
        "# Title",
        "",
        only_for(["jax"]),
        "for jax",
        END,
        only_for(["torch"]),
        cell_mark("a", False),
        END,
        "middle",
        cell_mark("b", True),
        "end",
    )
    assert list(parts(text, "jax")) == ["# Title\n\nfor jax\nmiddle", CellMark("b", True), "end"]
    assert list(parts(text, "torch")) == [
        "# Title",
        CellMark("a", False),
        "middle",
        CellMark("b", True),
        "end",
    ]


def test_marks_inside_quotes_and_lists_leave_no_trace():
    text = page(
        "> **Exercise**",
        ">",
        f"> {only_for(['jax'])}",
        "> for jax",
        f"> {END}",
        f"> {only_for(['x'])}",
        "> for x",
        f"> {END}",
        "> end",
        "* item",
        f"  {only_for(['x'])}",
        "  more",
        f"  {END}",
    )
    assert list(parts(text, "jax")) == ["> **Exercise**\n>\n> for jax\n> end\n* item"]


def test_a_quote_that_a_cell_interrupts_has_no_empty_edges():
    text = page("> before", ">", cell_mark("a", True), ">", "> after", ">")
    assert list(parts(text, "jax")) == ["> before", CellMark("a", True), "> after"]


def test_nothing_is_made_of_nothing():
    assert list(parts("\n\n", "jax")) == []


def emphasised(text: str, before: str = " ", after: str = " ") -> str:
    context = Emphasis("**", "strong", before, after)
    context.add(text)
    return context.make()


def test_emphasis_next_to_chinese_punctuation_is_still_emphasis():
    assert emphasised("模块", "一个", "是") == "**模块**"
    assert emphasised("“模块”", "一个", "是") == "<strong>“模块”</strong>"
    assert emphasised("预测。", "", " 一个") == "**预测。**"
    assert emphasised("Predict.") == "**Predict.**"


def test_a_link_without_an_address_is_its_text():
    for address, wanted in (("", "here"), ("https://x.example/a", "[here](https://x.example/a)")):
        link = Link(address)
        link.add("here")
        assert link.make() == wanted


def test_code_spans_hold_backticks():
    assert code_span("a") == "`a`"
    assert code_span("a``b") == "```a``b```"
    assert code_span("`a`") == "`` `a` ``"


def test_a_table_cell_may_hold_the_column_mark():
    assert PipeTable.make_row([["`a|b`"], ["$|x|$ or |y|"]]) == [r"`a\|b`", r"$\vert x\vert $ or \|y\|"]


def test_a_notebook_brings_what_it_reaches_and_nothing_else():
    files = carried(SOURCES, ["from d2l import torch as d2l", "d2l.double(3)"])
    assert sorted(files) == ["d2l/__init__.py", "d2l/_core.py", "d2l/torch.py"]
    core, torch = files["d2l/_core.py"], files["d2l/torch.py"]
    assert "def area" in core
    assert "def _square" in core
    assert "# how the area grows" in core
    assert "import math" in core
    for unused in ("json", "def dump", "Path", "NAME", "__all__", "More about it"):
        assert unused not in core
    assert "from d2l._core import area\n" in torch
    assert "def other" not in torch


def test_what_a_notebook_brings_runs(tmp_path):
    files = carried(SOURCES, ["from d2l import torch as d2l\nprint(round(d2l.double(1), 2))"])
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    program = "from d2l import torch as d2l; print(round(d2l.double(1), 2))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "6.28\n"


def test_a_name_that_cannot_be_told_brings_the_whole_package():
    files = carried(SOURCES, ["from d2l import torch as d2l", "getattr(d2l, input())()", "vars(d2l)"])
    assert files["d2l/torch.py"] == TORCH
    assert "def unused" in files["d2l/_core.py"]


def test_only_pages_that_import_the_package_need_it():
    assert uses_package(["from d2l import jax as d2l"])
    assert uses_package(["import d2l.torch"])
    assert not uses_package(["import torch", "x = 'from d2l import torch'"])


def test_every_language_of_the_book_has_all_words_of_the_site_and_the_first_cells():
    assert set(load_book(ROOT).language_keys) <= set(catalogue())
    for says in catalogue().values():
        assert set(says) == set(catalogue()["en"])
        for key in ("install", "carried"):
            assert re.fullmatch(r"[^\n]+", says[key])


@pytest.mark.parametrize("module", ["torch", "tensorflow", "mxnet", "jax"])
def test_the_books_own_modules_stay_python_when_reduced(module):
    sources = {
        ".".join(p.relative_to(ROOT).with_suffix("").parts): p.read_text("utf-8")
        for p in (ROOT / "d2l").rglob("*.py")
    }
    names = re.findall(r"^def ([a-z]\w*)", sources[f"d2l.{module}"], re.M)
    assert names
    for name in names:
        files = carried(sources, [f"from d2l import {module} as d2l", f"d2l.{name}"])
        assert f"def {name}" in files[f"d2l/{module}.py"]
        for path, text in files.items():
            compile(text, path, "exec")
