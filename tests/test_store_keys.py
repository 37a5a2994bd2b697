"""A key changes with all that an output depends on, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bookbuild.files import digest
from bookbuild.store.code import normal_cell
from bookbuild.store.key import CellKey, CellSource, Inputs, Profile, cell_keys, explain, normal_lock

TORCH = '''
"""Saved."""
import math as m
from d2l._core import Timer, plot
from d2l import _torch

WIDTH = 3
OTHER = 4
SEED = m.floor(7.5)


def direct(x):
    """Twice."""
    return helper(x) * WIDTH  # three


def helper(x, by=2):
    return x + deep(by)


def deep(x):
    return x + SEED


def unrelated(x):
    return x * OTHER


class Base:
    def go(self):
        return deep(1)


class Child(Base):
    width: int = 5


def timed():
    return Timer()


def late():
    from d2l._torch import written_by_hand as w

    return w()


def hand():
    return _torch.written_by_hand()
'''
CORE = """
__all__ = ["Timer", "plot"]
_COLORS = ("red", "blue")


class Timer:
    def stop(self):
        return _now()


def _now():
    return 1


def plot(x):
    return _COLORS
"""
MODULES = {
    "d2l.__init__": '__version__ = "1"\n',
    "d2l.torch": TORCH,
    "d2l._core": CORE,
    "d2l._torch": "def written_by_hand():\n    return 9\n\n\ndef other():\n    return 8\n",
    "d2l.jax": "def direct(x):\n    return 1\n",
}
INPUTS = Inputs(MODULES, Profile("pytorch.cpu", "3.11", "cpu", "torch==2.13.0\n"), {})
IMPORT = "from d2l import torch as d2l"


def keys(*cells: str, inputs: Inputs = INPUTS) -> list[CellKey]:
    return list(cell_keys([CellSource(f"c{n}", text) for n, text in enumerate(cells)], inputs))


def edited(old: str, new: str, module: str = "d2l.torch") -> Inputs:
    assert old in MODULES[module]
    return replace(INPUTS, modules={**MODULES, module: MODULES[module].replace(old, new)})


def last(*cells: str, inputs: Inputs = INPUTS) -> str:
    return keys(*cells, inputs=inputs)[-1].key


# --- the cells


@pytest.mark.parametrize(
    "other",
    [
        "x = 1  # one\ny = [1,\n     2]",
        "x = 1\n\n\ny = [1, 2]\n",
        "# about\nx = (1)\ny = [1, 2,]",
    ],
)
def test_comments_and_layout_of_a_cell_do_not_count(other: str) -> None:
    assert last("x = 1\ny = [1, 2]") == last(other)


@pytest.mark.parametrize(
    "other", ["x = 2", "x = 1.0", "x = True", "y = 1", "x = 1;", "x = '1'", "x: int = 1"]
)
def test_any_other_code_counts(other: str) -> None:
    assert last("x = 1") != last(other)


def test_a_closing_semicolon_hides_a_value_and_counts() -> None:
    assert last("x") != last("x;")
    assert last("x;") == last("x;  # quiet")


def test_a_string_that_a_cell_shows_is_no_docstring() -> None:
    assert last("'one'") != last("'two'")


def test_docstrings_of_functions_in_a_cell_do_not_count() -> None:
    assert last('def f():\n    """One."""\n    return 1') == last('def f():\n    """Two."""\n    return 1')


def test_cells_before_count_and_cells_after_do_not() -> None:
    before = keys("x = 1", "x")
    assert keys("x = 2", "x")[1].key != before[1].key
    assert keys("x = 1", "x", "y = 3")[1].key == before[1].key


def test_the_order_of_cells_counts() -> None:
    assert last("x = 1", "y = 2", "x") != last("y = 2", "x = 1", "x")


def test_names_of_cells_do_not_count() -> None:
    named = [CellSource("a", "x = 1"), CellSource("b", "x")]
    assert cell_keys(named, INPUTS)[1].key == last("x = 1", "x")


@pytest.mark.parametrize(
    "source",
    [
        "def f(:\n",
        "%matplotlib inline\nx = 1",
        "!ls\n",
        "%%time\nx = 1",
        "x = !ls",
        "d2l.direct?",
        "print('",
        "\x00",
    ],
)
def test_a_cell_that_is_no_plain_python_has_a_key(source: str) -> None:
    assert last(IMPORT, source) != last(IMPORT, source + "\ny = 1")


def test_a_cell_with_a_magic_still_has_its_comments_left_out() -> None:
    assert normal_cell("%matplotlib inline\nx = 1  # one") == normal_cell("%matplotlib inline\nx = 1")
    assert normal_cell("%matplotlib inline\nx = 1") != normal_cell("%matplotlib svg\nx = 1")


@pytest.mark.parametrize("asking", ["help(f)", "import inspect\ninspect.getsource(f)", "f.__doc__", "f?"])
def test_comments_and_docstrings_count_where_a_cell_asks_for_them(asking: str) -> None:
    cells = ['def f():\n    """One."""\n    return 1', asking]
    other = [cells[0].replace("One", "Two"), asking]
    assert last(*cells) != last(*other)
    assert keys(*cells)[0].key == keys(*other)[0].key
    assert last(*cells, "x") != last(*other, "x"), "what it asked for may be shown later"


def test_comments_count_in_a_cell_whose_error_shows_its_line_and_in_no_other() -> None:
    def three(first: str, second: str) -> list[str]:
        cells = CellSource("a", first), CellSource("b", second, as_written=True), CellSource("c", "1")
        return [k.key for k in cell_keys(cells, INPUTS)]

    plain = three("x = 0", "1 / x")
    assert three("x = 0  # nothing", "1 / x") == plain
    commented = three("x = 0", "1 / x  # infinite")
    assert commented[1] != plain[1] and commented[2] == plain[2]


def test_the_normal_form_is_the_same_under_every_python() -> None:
    source = """
def f(a, /, b: int = 3, *c, d=4, **e) -> "x":
    return f"{a!r:>{b}} {'q'} {a + 1 = }" f"{b}" "z"
async def g():
    async with a as b: yield [x async for x in y]
match v:
    case {"a": [1, *_], **r} if r: pass
    case C(x=1) | None: ...
try: pass
except* ValueError as e: raise
with (a as b, c as d): pass
x = y[1:2, ..., ::3]; z = lambda q=1: (yield)
"""
    assert digest(normal_cell(source))[:16] == "f8f1c6a02e995887"


# --- the library


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return helper(x) * WIDTH", "return helper(x) + WIDTH"),  # itself
        ("return x + deep(by)", "return x - deep(by)"),  # through a function
        ("by=2", "by=3"),  # a default
        ("return x + SEED", "return x - SEED"),  # through two functions
        ("WIDTH = 3", "WIDTH = 4"),  # a constant
        ("m.floor(7.5)", "m.floor(8.5)"),  # computed at import
        ("import math as m", "import cmath as m"),  # what a used name is bound to
        ("def helper(x", "@twice\ndef helper(x"),  # a decorator
    ],
)
def test_what_a_cell_reaches_counts(old: str, new: str) -> None:
    cells = IMPORT, "d2l.direct(1)"
    assert last(*cells) != last(*cells, inputs=edited(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x * OTHER", "return x / OTHER"),
        ("OTHER = 4", "OTHER = 5"),
        ('"""Twice."""', '"""Two times."""'),
        ("  # three", "  # 3"),
        ('"""Saved."""', '"""Kept."""'),
        ("def unrelated(x):", "def added():\n    return 1\n\n\ndef unrelated(x):"),
        ("width: int = 5", "width: int = 6"),
        ("return helper(x) * WIDTH", "return (helper(x)\n            * WIDTH)"),
    ],
)
def test_what_a_cell_does_not_reach_does_not_count(old: str, new: str) -> None:
    cells = IMPORT, "d2l.direct(1)"
    assert last(*cells) == last(*cells, inputs=edited(old, new))


def test_a_class_reaches_its_bases_and_what_their_methods_call() -> None:
    cells = IMPORT, "d2l.Child().go()"
    assert last(*cells) != last(*cells, inputs=edited("return x + SEED", "return x - SEED"))


def test_reach_goes_through_modules_and_their_private_names() -> None:
    cells = IMPORT, "d2l.timed().stop()"
    assert last(*cells) != last(*cells, inputs=edited("return 1", "return 2", "d2l._core"))
    assert last(*cells) == last(*cells, inputs=edited('("red", "blue")', '("red",)', "d2l._core"))


def test_a_name_taken_over_from_another_module_is_followed() -> None:
    cells = IMPORT, "d2l.plot(1)"
    assert last(*cells) != last(*cells, inputs=edited('("red", "blue")', '("red",)', "d2l._core"))


def test_hand_written_modules_are_followed_by_attribute() -> None:
    cells = IMPORT, "d2l.hand()"
    assert last(*cells) != last(*cells, inputs=edited("return 9", "return 10", "d2l._torch"))
    assert last(*cells) == last(*cells, inputs=edited("return 8", "return 10", "d2l._torch"))


def test_what_a_function_imports_for_itself_is_followed() -> None:
    cells = IMPORT, "d2l.late()"
    assert last(*cells) != last(*cells, inputs=edited("return 9", "return 10", "d2l._torch"))


def test_another_frameworks_module_does_not_count() -> None:
    cells = IMPORT, "d2l.direct(1)"
    assert last(*cells) == last(*cells, inputs=edited("return 1", "return 2", "d2l.jax"))


@pytest.mark.parametrize(
    "effect",
    [
        "print('loaded')",
        "if True:\n    X = 1",
        "unrelated(3)",
        "VALUES = [f for f in range(3)]",
        "@register\ndef plugin():\n    return 1",
        "class P(metaclass=Meta):\n    pass",
        "def f(x=print('default')):\n    pass",
        "class Q:\n    x = print('body')",
    ],
)
def test_what_runs_at_import_counts_for_whoever_imports(effect: str) -> None:
    inputs = edited("WIDTH = 3", f"WIDTH = 3\n{effect}\n")
    assert last(IMPORT) != last(IMPORT, inputs=inputs)
    assert last("import torch") == last("import torch", inputs=inputs)


def test_what_an_import_statement_runs_reaches_further() -> None:
    inputs = edited("WIDTH = 3", "WIDTH = 3\nunrelated(3)\n")
    changed = replace(
        inputs,
        modules={
            **inputs.modules,
            "d2l.torch": inputs.modules["d2l.torch"].replace("return x * OTHER", "return x / OTHER"),
        },
    )
    assert last(IMPORT, inputs=inputs) != last(IMPORT, inputs=changed)


@pytest.mark.parametrize(
    "cell",
    [
        "getattr(d2l, name)(1)",
        "vars(d2l)",
        "vars()['d2l']",
        "look = vars\nlook(d2l)",
        "def names(thing):\n    return vars(thing)\n\n\nnames(d2l)",
        "f(d2l)",
        "d2l.__dict__",
        "d2l.absent",
        "eval('d2l.unrelated(1)')",
        "from d2l.torch import *\nunrelated(1)",
        "import importlib\nimportlib.import_module('d2l.torch')",
        "import sys\nsys.modules['d2l.torch']",
        "exec(code)",
        "[*map(d2l, [])]",
    ],
)
def test_access_that_cannot_be_resolved_takes_the_whole_module(cell: str) -> None:
    changed = edited("return x * OTHER", "return x / OTHER")
    assert last(IMPORT, cell) != last(IMPORT, cell, inputs=changed)


@pytest.mark.parametrize(
    "cell",
    [
        "d2l.direct(1)",
        "vars(d2l.direct(1))",
        "def names(thing):\n    return vars(thing)\n\n\nnames(d2l.direct(1))",
        "import d2l.torch\nd2l.torch.direct(1)",
        "from d2l.torch import direct\ndirect(1)",
        "from d2l.torch import direct as go\ngo(1)",
        "import d2l.torch as t\nt.direct(1)",
        "def f():\n    from d2l.torch import direct\n    return direct(1)",
        "class N:\n    direct = d2l.direct",
        "net.eval()\nd2l.direct(1)\nnet.compile()",
    ],
)
def test_every_way_of_naming_a_function_reaches_that_function_alone(cell: str) -> None:
    first = "" if "import d2l" in cell else IMPORT
    assert last(first, cell) != last(first, cell, inputs=edited("by=2", "by=3"))
    assert last(first, cell) == last(first, cell, inputs=edited("OTHER = 4", "OTHER = 5"))


def test_a_name_that_is_imported_where_it_may_fail_is_followed() -> None:
    attempt = "try:\n    from d2l import _torch as t\nexcept ImportError:\n    t = None\n\n\ndef tries():\n"
    inputs = edited("WIDTH = 3", f"WIDTH = 3\n{attempt}    return t.written_by_hand()\n")
    other = inputs.modules["d2l._torch"].replace("return 9", "return 10")
    changed = replace(inputs, modules={**inputs.modules, "d2l._torch": other})
    assert last(IMPORT, "d2l.tries()", inputs=inputs) != last(IMPORT, "d2l.tries()", inputs=changed)


def test_a_name_that_is_defined_and_then_imported_is_followed_both_ways() -> None:
    inputs = edited("WIDTH = 3", "def plot(x):\n    return 1\n\n\nfrom d2l._core import plot\n\nWIDTH = 3")
    other = inputs.modules["d2l._core"].replace('("red", "blue")', '("red",)')
    changed = replace(inputs, modules={**inputs.modules, "d2l._core": other})
    assert last(IMPORT, "d2l.plot(1)", inputs=inputs) != last(IMPORT, "d2l.plot(1)", inputs=changed)


def test_a_local_variable_of_the_same_name_reaches_nothing() -> None:
    inputs = edited("def unrelated(x):", "def takes(unrelated):\n    return unrelated\n\n\ndef unrelated(x):")
    changed = replace(
        inputs,
        modules={
            **inputs.modules,
            "d2l.torch": inputs.modules["d2l.torch"].replace("return x * OTHER", "return x / OTHER"),
        },
    )
    assert last(IMPORT, "d2l.takes(1)", inputs=inputs) == last(IMPORT, "d2l.takes(1)", inputs=changed)


def test_a_class_that_hears_of_its_subclasses_makes_every_definition_count() -> None:
    inputs = edited("class Base:", "class Base:\n    def __init_subclass__(cls):\n        print(cls)\n")
    changed = replace(
        inputs,
        modules={
            **inputs.modules,
            "d2l.torch": inputs.modules["d2l.torch"].replace("class Child(Base)", "class Infant(Base)"),
        },
    )
    assert last(IMPORT, inputs=inputs) != last(IMPORT, inputs=changed)


def test_a_library_that_is_not_python_counts_as_it_is_written() -> None:
    broken = replace(INPUTS, modules={**MODULES, "d2l.torch": "def f(:\n"})
    worse = replace(INPUTS, modules={**MODULES, "d2l.torch": "def g(:\n"})
    assert last(IMPORT, inputs=broken) != last(IMPORT, inputs=worse)


# --- profile and data


@pytest.mark.parametrize(
    "change", [{"python": "3.12"}, {"device": "gpu"}, {"lock": "torch==2.14.0\n"}, {"name": "pytorch.gpu"}]
)
def test_the_profile_counts(change: dict[str, str]) -> None:
    assert last("1", inputs=replace(INPUTS, profile=replace(INPUTS.profile, **change))) != last("1")


def test_the_data_of_the_page_counts() -> None:
    assert last("1", inputs=replace(INPUTS, data={"a": "0"})) != last(
        "1", inputs=replace(INPUTS, data={"a": "1"})
    )


def test_a_lock_counts_by_names_and_public_versions() -> None:
    written = """
    # made by a tool
    Torch[opt]==2.13.0+cpu ; sys_platform == "linux" \\
        --hash=sha256:0000
    typing_extensions==4.16.0
    nvidia-cublas-cu12==12.1 ; platform_machine == "x86_64"
    triton==3.4.0
    """
    assert normal_lock(written) == "torch==2.13.0\ntyping-extensions==4.16.0\n"


# --- explanations


def why(cells: tuple[str, ...], inputs: Inputs, was: tuple[str, ...] = ()) -> tuple[str, ...]:
    recorded = keys(*(was or cells))
    parts = {name: value for key in recorded for name, value in key.parts.items()}
    return explain(keys(*cells, inputs=inputs)[-1], parts, [k.name for k in recorded])


def test_a_reason_names_the_changed_part_and_the_way_to_it() -> None:
    reasons = why((IMPORT, "d2l.direct(1)"), edited("return x + SEED", "return x - SEED"))
    assert reasons == ("`d2l.torch.deep` changed; reached through d2l.torch.direct -> d2l.torch.helper",)


def test_reasons_name_lock_python_and_cells() -> None:
    profile = replace(INPUTS.profile, python="3.12", lock="torch==3\n")
    reasons = why(("x = 1", "x"), replace(INPUTS, profile=profile), was=("x = 2", "x"))
    assert reasons == (
        "lock pytorch.cpu changed",
        "Python version (3.11, now 3.12) changed",
        "cell c0 changed",
    )


def test_a_cell_that_was_taken_out_is_a_reason() -> None:
    recorded = [CellSource("a", "x = 1"), CellSource("b", "x = 2"), CellSource("c", "x")]
    parts = {n: v for key in cell_keys(recorded, INPUTS) for n, v in key.parts.items()}
    now = cell_keys([recorded[0], recorded[2]], INPUTS)[-1]
    assert explain(now, parts, ["a", "b", "c"]) == ("cell b is gone from the cells before it",)


def test_another_order_of_cells_is_a_reason() -> None:
    recorded = [CellSource("a", "x = 1"), CellSource("b", "x = 2"), CellSource("c", "x")]
    parts = {n: v for key in cell_keys(recorded, INPUTS) for n, v in key.parts.items()}
    now = cell_keys([recorded[1], recorded[0], recorded[2]], INPUTS)[-1]
    assert explain(now, parts, ["a", "b", "c"]) == ("the cells before it stand in another order",)


def test_nothing_is_said_where_nothing_changed() -> None:
    assert why((IMPORT, "d2l.direct(1)"), INPUTS) == ()
