"""The framework-free core of the helper package."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest

from d2l import _core

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one file."""
    (tmp_path / "iris.csv").write_text("1,2\n")
    digest = hashlib.sha256(b"1,2\n").hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  iris.csv\n")
    monkeypatch.setattr(_core, "_data_folder", lambda: tmp_path)
    return tmp_path


def test_data_returns_the_path_of_an_intact_file(folder):
    assert _core.data("iris.csv") == folder / "iris.csv"


def test_data_refuses_a_changed_file(folder):
    (folder / "iris.csv").write_text("1,3\n")
    with pytest.raises(ValueError, match=r"iris\.csv is damaged"):
        _core.data("iris.csv")


def test_data_lists_what_there_is_when_a_name_is_unknown(folder):
    with pytest.raises(FileNotFoundError, match=r"known: iris\.csv"):
        _core.data("../secret")


def test_the_data_folder_of_the_clone_is_found():
    assert (_core._data_folder() / "SHA256SUMS").is_file()


@pytest.mark.parametrize("answer", [64234, 64234.0, numpy.int64(64234), numpy.float32(64234)])
def test_check_accepts_a_right_number_of_any_type(answer, capsys):
    _core.check(answer, "6cfbe171")
    assert capsys.readouterr().out == "right\n"


def test_check_says_what_to_look_at_and_not_the_answer(capsys):
    _core.check(63360, "6cfbe171", "every layer has biases")
    assert capsys.readouterr().out == "not yet: every layer has biases\n"


def test_check_takes_floats_to_four_digits_and_containers_in_any_key_order():
    assert _core._answer_digest(0.333333) == _core._answer_digest(1 / 3)
    assert _core._answer_digest({"a": 1, "b": (2, "x ")}) == _core._answer_digest({"b": [2.0, "x"], "a": 1})
    assert _core._answer_digest(1) != _core._answer_digest("1")


def test_check_refuses_what_is_no_answer():
    with pytest.raises(TypeError, match="an answer is a number"):
        _core.check(object(), "6cfbe171")


def test_timer_keeps_its_laps():
    timer = _core.Timer()
    for _ in range(2):
        with timer:
            time.sleep(0.01)
    assert len(timer.laps) == 2
    assert timer.seconds == timer.laps[-1] >= 0.01


@pytest.mark.parametrize("curves", [[[1, 2]], [[1]] * 5])
def test_plot_refuses_curves_that_do_not_fit(curves):
    with pytest.raises(ValueError, match=r"points|formats"):
        _core.plot([1], curves)


def test_importing_the_package_imports_neither_a_framework_nor_matplotlib():
    heavy = "{'torch', 'tensorflow', 'keras', 'mxnet', 'jax', 'matplotlib'}"
    program = f"import sys, d2l, d2l._core; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_plot_is_the_same_svg_every_time_with_its_text_as_text():
    program = """
import io, matplotlib
matplotlib.use("agg")
from matplotlib import pyplot
from d2l import _core
_core.plot([1, 2], [[1, 2], [2, 3]], ["formula", "counted"], xlabel="width")
text = io.StringIO()
pyplot.gcf().savefig(text, format="svg", metadata={"Date": None})
print(text.getvalue())
"""
    drawn = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(drawn) == 1
    assert ">counted</text>" in drawn.pop()
