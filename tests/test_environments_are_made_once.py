"""Virtual environments: made from their lock, again only when it changed, and never half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from bookbuild import environments

REPOSITORY = Path(__file__).resolve().parent.parent

# Stands in for an interpreter: answers the questions asked of it, makes a folder as venv does (with itself in
# it) and notes what pip is asked.  $FAKE holds its settings and its notes.
FAKE_PYTHON = """\
#!/bin/sh
case "$*" in
  *find_spec*) echo "$(cat "$FAKE/version") $(cat "$FAKE/venv")" ;;
  *_base_executable*) echo "$0" ;;
  *"-m venv"*)
    for folder; do :; done
    mkdir -p "$folder/bin" "$folder/lib/python3.11/site-packages"
    cp "$0" "$folder/bin/python"
    echo "venv $folder" >> "$FAKE/notes" ;;
  *"-m pip install"*)
    echo "pip" >> "$FAKE/notes"
    echo "Installing collected packages: one, two"
    sh "$FAKE/pip" ;;
esac
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only Python on PATH is a stand-in for 3.11; returns the folder of its settings."""
    settings, programs = tmp_path / "fake", tmp_path / "programs"
    settings.mkdir()
    programs.mkdir()
    for name, text in {"version": "3.11", "venv": "True", "pip": "exit 0", "notes": ""}.items():
        (settings / name).write_text(text)
    python = programs / "python3.11"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    for program in ("sh", "cat", "cp", "mkdir", "sleep"):
        (programs / program).symlink_to(Path("/bin") / program)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("FAKE", str(settings))
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "nothing"))
    return settings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone with two environments, `build` and `jax`."""
    folder = tmp_path / "clone" / "environments"
    folder.mkdir(parents=True)
    for name, lock in {"build": "build.txt", "jax": "jax.cpu.txt"}.items():
        (folder / f"{name}.in").write_text("# python: 3.11 3.12\none\n")
        (folder / lock).write_text("one==1.0\n")
    return folder.parent


def notes(fake: Path) -> list[str]:
    return (fake / "notes").read_text().splitlines()


def make(root: Path, *names: str) -> tuple[dict[str, str | None], list[str]]:
    lines: list[str] = []
    return environments.ensure(root, names, lines.append), lines


def test_an_environment_is_made_and_said_to_be_ready(root: Path, fake: Path) -> None:
    assert not environments.ready(root, "jax")
    problems, lines = make(root, "jax")
    assert problems == {"jax": None}
    assert environments.ready(root, "jax")
    phases = ["creating the environment", "downloading", "installing", "compiling", "ready"]
    assert [line.partition(" (")[0] for line in lines] == [f"jax: {phase}" for phase in phases]


def test_nothing_is_started_when_the_lock_is_unchanged(root: Path, fake: Path) -> None:
    make(root, "build", "jax")
    (fake / "notes").write_text("")
    problems, lines = make(root, "build", "jax")
    assert (problems, lines, notes(fake)) == ({"build": None, "jax": None}, [], [])


def test_a_changed_lock_makes_the_environment_again_and_only_that_one(root: Path, fake: Path) -> None:
    make(root, "build", "jax")
    old = environments.folder(root, "jax") / "left-over"
    old.touch()
    (fake / "notes").write_text("")
    (root / "environments" / "jax.cpu.txt").write_text("one==2.0\n")
    make(root, "build", "jax")
    assert notes(fake) == [f"venv {environments.folder(root, 'jax')}", "pip"]
    assert not old.exists()
    assert environments.ready(root, "jax")


def test_a_failed_installation_is_one_line_and_the_others_go_on(root: Path, fake: Path) -> None:
    (fake / "pip").write_text('echo "ERROR: No matching distribution"; exit 1')
    problems, _ = make(root, "jax")
    assert problems["jax"] == (
        "environment jax: pip failed: ERROR: No matching distribution; all of it: .venv/jax.log"
    )
    assert "No matching distribution" in (root / ".venv" / "jax.log").read_text()
    assert not environments.folder(root, "jax").exists()
    (fake / "pip").write_text("exit 0")
    (root / "environments" / "jax.in").write_text("# machine: abacus\none\n")
    problems, _ = make(root, "build", "jax")
    assert problems["build"] is None
    assert problems["jax"] is not None
    assert "needs a machine of type abacus" in problems["jax"]


def test_a_failure_keeps_the_environment_there_was(root: Path, fake: Path) -> None:
    make(root, "jax")
    mark = environments.folder(root, "jax") / "mark"
    mark.touch()
    (root / "environments" / "jax.cpu.txt").write_text("one==2.0\n")
    (fake / "pip").write_text("exit 1")
    assert make(root, "jax")[0]["jax"]
    assert mark.exists()
    assert not environments.ready(root, "jax")


def test_an_interrupted_creation_is_started_over_and_waits_for_an_orphaned_pip(
    root: Path, fake: Path
) -> None:
    ten = "1 2 3 4 5 6 7 8 9 10"
    wait = f'for i in {ten}; do for j in {ten}; do [ -e "$FAKE/go" ] || sleep 0.5; done; done'
    (fake / "pip").write_text(f'{wait}; echo "orphan ended" >> "$FAKE/notes"')
    code = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); from bookbuild import environments as e; "
        f"from pathlib import Path; e.ensure(Path({str(root)!r}), ['jax'], lambda line: None)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as first:
        deadline = time.monotonic() + 20
        while "pip" not in notes(fake) and time.monotonic() < deadline:
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
    assert environments.folder(root, "jax").exists()
    assert not environments.ready(root, "jax")
    (fake / "pip").write_text("exit 0")
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        (fake / "go").touch()

    assert environments.ensure(root, ["jax"], hear) == {"jax": None}
    assert lines[0] == "jax: another process is making it; waiting"
    assert [line.split()[0] for line in notes(fake)] == ["venv", "pip", "orphan", "venv", "pip"]


def test_a_missing_venv_module_is_one_line_with_the_mend(root: Path, fake: Path) -> None:
    (fake / "venv").write_text("False")
    problem = make(root, "jax")[0]["jax"]
    assert problem is not None
    assert problem.endswith("has no venv module; install it: apt-get install python3.11-venv")


def test_no_suitable_python_is_one_line_that_names_the_versions_and_the_variable(
    root: Path, fake: Path
) -> None:
    (fake / "version").write_text("3.9")
    assert make(root, "jax")[0]["jax"] == (
        "environment jax: needs Python 3.11 or 3.12, and none is on PATH; "
        "install one, install uv, or set PYTHON_JAX="
    )


def test_uv_is_asked_where_no_suitable_python_is_on_path(root: Path, fake: Path) -> None:
    (fake / "version").write_text("3.9")
    uv = Path(os.environ["PATH"]) / "uv"
    uv.write_text('#!/bin/sh\necho "uv $*" >> "$FAKE/notes"\n')
    uv.chmod(0o755)
    command = environments.choose(root, "jax")
    assert command == [str(uv), "venv", "--seed", "--no-project", "--python", "3.11"]


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("/nowhere/python", "PYTHON_JAX=/nowhere/python is not a Python that runs"),
        ("python3.11", "PYTHON_JAX=python3.11 is Python 3.13; this environment needs 3.11 or 3.12"),
    ],
)
def test_an_unfit_chosen_interpreter_is_one_line(
    root: Path, fake: Path, monkeypatch: pytest.MonkeyPatch, value: str, complaint: str
) -> None:
    (fake / "version").write_text("3.13")
    monkeypatch.setenv("BOOK_PYTHON_JAX", value)
    problem = make(root, "jax")[0]["jax"]
    assert problem is not None
    assert complaint in problem


def test_another_chosen_interpreter_makes_the_environment_again(
    root: Path, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(root, "jax")
    other = Path(os.environ["PATH"]) / "my-python"
    other.write_text(FAKE_PYTHON)
    other.chmod(0o755)
    monkeypatch.setenv("BOOK_PYTHON_JAX", "my-python")
    assert not environments.ready(root, "jax")


def test_an_unknown_environment_lists_the_known_ones(root: Path, fake: Path) -> None:
    assert make(root, "theano")[0]["theano"] == (
        "environment theano: has no lock environments/theano.cpu.txt; known environments: build, jax"
    )


def test_what_a_framework_needs_of_the_system_is_asked_for_first(
    root: Path, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments.system, "install", lambda name, report: f"sudo get lib{name}")
    assert make(root, "jax")[0]["jax"] == "environment jax: needs Debian packages: sudo get libjax"
    assert notes(fake) == []


def test_the_command_fails_with_a_line_for_each_problem(
    root: Path, fake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environments.main(root, []) == 2
    assert "known: build, jax" in capsys.readouterr().err
    assert environments.main(root, ["jax", "theano"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("environment theano: has no lock")
    assert environments.main(root, ["jax"]) == 0
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_one_line(root: Path, fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(environment: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(environment / environments.STAMP))

    monkeypatch.setattr(environments, "_stamp", full)
    problem = make(root, "jax")[0]["jax"]
    assert problem == f"environment jax: {environments.folder(root, 'jax')}/lock.txt: No space left on device"
    assert not environments.folder(root, "jax").exists()


def test_the_module_runs_on_python_3_9_and_imports_nothing_else() -> None:
    import ast

    for name in ("__init__", "environments", "system"):
        tree = ast.parse((REPOSITORY / "bookbuild" / f"{name}.py").read_text(), feature_version=(3, 9))
        imports = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        imports |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.partition(".")[0] for name in imports} <= {*sys.stdlib_module_names, "bookbuild"}


def wheel(folder: Path, version: str) -> None:
    """The smallest wheel there is."""
    info = f"tiny_lesson-{version}.dist-info"
    with zipfile.ZipFile(folder / f"tiny_lesson-{version}-py3-none-any.whl", "w") as file:
        file.writestr("tiny_lesson.py", f"VERSION = {version!r}\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-lesson\nVersion: {version}\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")


def test_a_real_build_environment_sees_its_lock_and_the_clone_even_after_a_move(
    root: Path, tmp_path: Path
) -> None:
    wheel(tmp_path, "1.0")
    (root / "bookbuild").mkdir()
    (root / "bookbuild" / "__init__.py").write_text("HERE = __file__\n")
    (root / "environments" / "build.in").unlink()
    (root / "environments" / "build.txt").write_text(
        f"--no-index\n--find-links {tmp_path}\ntiny-lesson==1.0\n"
    )
    assert make(root, "build")[0] == {"build": None}
    moved = tmp_path / "elsewhere"
    root.rename(moved)
    python = environments.interpreter(moved, "build")
    code = "import tiny_lesson, bookbuild; print(tiny_lesson.VERSION, bookbuild.HERE)"
    seen = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    assert seen.split() == ["1.0", str(moved / "bookbuild" / "__init__.py")]
    assert environments.ready(moved, "build")
