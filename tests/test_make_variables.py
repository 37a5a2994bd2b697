"""The Makefile: variables count on the command line only, and no value reaches a shell line."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

# Stands in for the build environment's Python: says what it was called with.
PROGRAM = '#!/bin/sh\necho "$*"\nenv | grep "^BOOK_" | sort\nexit 0\n'


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose build environment stands, so that make only hands over."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / "environments").mkdir()
    for name in ("build.in", "mxnet.in", "pytorch.gpu.in"):
        (tmp_path / "environments" / name).touch()
    program = tmp_path / ".venv" / "build" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    program.chmod(0o755)
    for path in ("environments/build.txt", ".venv/build/lock.txt"):
        (tmp_path / path).write_text("one==1.0\n")
    return tmp_path


def make(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "BOOK_"))
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "command", ["html", "pdf", "notebooks", "execute", "serve", "lib", "lint", "fmt", "test", "bench"]
)
def test_a_target_is_the_command_of_its_name(clone: Path, command: str) -> None:
    assert make(clone, command).stdout == f"-m bookbuild {command}\n"


def test_make_alone_builds(clone: Path) -> None:
    assert make(clone).stdout == "-m bookbuild build\n"


@pytest.mark.parametrize(
    "value",
    ["a;echo X", "a`touch evil`", "$(shell touch evil)", "${HOME}", "pt fr", "'", '"', "a#b", "FOO=1 b", ""],
)
def test_a_value_arrives_as_it_was_typed_and_runs_nothing(clone: Path, value: str) -> None:
    done = make(clone, "html", f"PAGES={value}")
    assert done.stdout == f"-m bookbuild html\nBOOK_PAGES={value}\n", done.stderr
    assert not (clone / "evil").exists()


def test_only_the_command_line_counts(clone: Path) -> None:
    assert make(clone, "html", PAGES="index", BOOK_PAGES="index", BOOK_X="1").stdout == "-m bookbuild html\n"
    assert make(clone, "-e", "html", "FORCE=0", BOOK_FORCE="1").stdout == "-m bookbuild html\nBOOK_FORCE=0\n"


@pytest.mark.parametrize("name", ["PAGE", "SHELL", "BOOK_PAGES", "PYTHON_THEANO", "PYTHON", "fresh"])
def test_an_unknown_variable_is_one_error_that_lists_the_known(clone: Path, name: str) -> None:
    done = make(clone, "html", f"{name}=echo X")
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"unknown variable {name}; known: LANGS FRAMEWORKS PAGES" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_interpreters_are_known_by_the_environments(clone: Path) -> None:
    done = make(clone, "execute", "PYTHON_MXNET=/a b/python", "PYTHON_PYTORCH_GPU=python3.12")
    assert done.stdout == (
        "-m bookbuild execute\nBOOK_PYTHON_MXNET=/a b/python\nBOOK_PYTHON_PYTORCH_GPU=python3.12\n"
    ), done.stderr


def test_a_changed_lock_asks_for_the_build_environment_first(clone: Path) -> None:
    (clone / "bookbuild").mkdir()
    (clone / "bookbuild" / "__init__.py").touch()
    (clone / "bookbuild" / "environments.py").write_text("import sys; sys.exit('asked for ' + sys.argv[1])")
    (clone / "environments" / "build.txt").write_text("one==2.0\n")
    done = make(clone, "html")
    assert done.returncode != 0
    assert "asked for build" in done.stderr
    assert done.stdout == ""


def test_a_machine_without_python_is_told_so(clone: Path) -> None:
    (clone / ".venv" / "build" / "lock.txt").unlink()
    programs = clone / "programs"
    programs.mkdir()
    (programs / "cmp").symlink_to("/bin/false")
    path, make_program = str(programs), shutil.which("make")
    done = subprocess.run(
        [make_program or "make"], cwd=clone, env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert "python3 is not on PATH; install Python 3.11 with its venv module" in done.stderr


def test_clean_removes_what_was_built_and_nothing_else(clone: Path) -> None:
    (clone / "_build" / "html").mkdir(parents=True)
    make(clone, "clean")
    assert not (clone / "_build").exists()
    assert (clone / ".venv" / "build" / "bin" / "python").exists()
    make(clone, "distclean")
    assert not (clone / ".venv").exists()


def test_the_makefile_keeps_to_make_3_81() -> None:
    text = (REPOSITORY / "Makefile").read_text()
    for newer in ("$(file ", ".ONESHELL", "!=", ".RECIPEPREFIX", "undefine", "$(let ", "::=", "&:"):
        assert newer not in text, newer
