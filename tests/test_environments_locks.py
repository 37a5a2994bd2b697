"""The committed locks: complete, exact, for every machine that the book supports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bookbuild import environments, locks

ROOT = Path(__file__).resolve().parent.parent
NAMES = [name for name in environments.names(ROOT) if not name.endswith(".gpu")]


def pins(name: str) -> dict[str, str]:
    """Package to version, as pip normalises names."""
    text = environments.lock(ROOT, name).read_text()
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_is_an_exact_public_version(name: str) -> None:
    entries = locks.entries(environments.lock(ROOT, name).read_text())
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==[0-9a-z.!]+( ;.*)?( \\)?(\n|$)", entry), entry


@pytest.mark.parametrize("name", NAMES)
def test_every_direct_requirement_is_in_the_lock(name: str) -> None:
    lines = (ROOT / "environments" / f"{name}.in").read_text().splitlines()
    wanted = [re.split(r"[=<>;\s\[]", line)[0] for line in lines if line and not line.startswith("#")]
    assert set(wanted) <= set(pins(name))


@pytest.mark.parametrize("name", NAMES)
def test_no_cuda_package_no_host_and_no_path_stands_in_a_lock(name: str) -> None:
    text = environments.lock(ROOT, name).read_text()
    assert not re.search(r"^(nvidia|cuda|triton)", text, re.MULTILINE)
    assert not re.search(r"://|/[a-z]+/[a-z]+/|\+cpu", text)


def test_frameworks_share_the_versions_that_the_reader_sees() -> None:
    plots = {name: pins(name)["matplotlib"] for name in ("pytorch", "tensorflow", "mxnet", "jax")}
    assert len(set(plots.values())) == 1, plots
    assert pins("mxnet")["numpy"].startswith("1.23.")


@pytest.mark.parametrize("name", ["pytorch", "tensorflow", "jax"])
def test_the_gpu_environment_has_the_versions_of_the_cpu_environment(name: str) -> None:
    cpu, gpu = pins(name), pins(f"{name}.gpu")
    differ = {package for package in cpu.keys() & gpu.keys() if cpu[package] != gpu[package]}
    assert not differ
    assert cpu.keys() - gpu.keys() <= {"tensorflow-cpu"}
    assert any(package.startswith("nvidia-") for package in gpu)


def test_the_build_lock_is_checked_by_hashes() -> None:
    for entry in locks.entries(environments.lock(ROOT, "build").read_text()):
        assert "--hash=sha256:" in entry, entry


def test_a_lock_says_how_it_was_made_and_leaves_out_what_only_cuda_builds_need() -> None:
    compiled = "nvidia-cublas==1 ; sys_platform == 'linux'\none==1 \\\n    --hash=sha256:aa\ntriton==3\n"
    assert locks.cleaned(compiled, "x", ("3.11",)) == (
        "# Complete lock of environments/x.in for Python 3.11 on Linux and macOS; made by `make lock`\n"
        "# (uv pip compile --universal --fork-strategy fewest)."
        " Without the packages of CUDA builds (nvidia-*, cuda-*, triton).\n"
        "one==1 \\\n    --hash=sha256:aa\n"
    )


def test_requirements_are_those_of_the_build_environment() -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == ["-r environments/build.txt"]
    assert "jupyter-book build chapters/en --config _config.yml --toc _toc.yml" in "\n".join(lines)
    assert "jupyter-book" in pins("build")


# Stands in for uv: notes its arguments and "compiles" to what it finds in answer.txt.
UV = """#!/bin/sh
echo "$*" >> arguments
out=$(echo "$*" | sed 's/.* -o \\([^ ]*\\).*/\\1/')
[ -e "$out" ] && cp "$out" before
[ -e answer.txt ] || exit 3
cp answer.txt "$out"
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with one framework and its GPU build, where `make lock` has uv already."""
    (tmp_path / "environments").mkdir()
    for name, versions in {"jax": "3.12 3.13", "jax.gpu": "3.12"}.items():
        (tmp_path / "environments" / f"{name}.in").write_text(f"# python: {versions}\none\n")
    uv = tmp_path / ".venv" / "lock" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(UV)
    uv.chmod(0o755)
    (tmp_path / "answer.txt").write_text("nvidia-one==1\none==1\n")
    monkeypatch.setattr(environments, "ensure", lambda root, names: dict.fromkeys(names))
    return tmp_path


def test_make_lock_writes_a_lock_for_each_environment(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert locks.main(clone) == 0
    assert capsys.readouterr().out.split() == ["environments/jax.cpu.txt", "environments/jax.gpu.txt"]
    assert locks.entries((clone / "environments/jax.cpu.txt").read_text()) == ["one==1"]
    assert locks.entries((clone / "environments/jax.gpu.txt").read_text()) == ["nvidia-one==1", "one==1"]
    first, second = (clone / "arguments").read_text().splitlines()
    assert "--python-version 3.12" in first
    assert first.endswith("environments/jax.in")
    assert second.endswith("environments/jax.gpu.in")


def test_locked_versions_stay_unless_newer_ones_are_asked_for(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone / "environments/jax.cpu.txt").write_text("one==0.9\n")
    monkeypatch.setenv("BOOK_UPGRADE", "0")
    locks.main(clone)
    assert (clone / "before").read_text() == "one==0.9\n"
    (clone / "before").unlink()
    monkeypatch.setenv("BOOK_UPGRADE", "1")
    locks.main(clone)
    assert not (clone / "before").exists()


def test_a_failure_of_uv_leaves_the_lock_as_it_was(clone: Path) -> None:
    (clone / "answer.txt").unlink()
    (clone / "environments/jax.cpu.txt").write_text("one==0.9\n")
    assert locks.main(clone) == 3
    assert (clone / "environments/jax.cpu.txt").read_text() == "one==0.9\n"


def test_make_lock_says_when_uv_cannot_be_had(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environments, "ensure", lambda root, names: dict.fromkeys(names, "no uv"))
    assert locks.main(clone) == 1
    assert capsys.readouterr().err == "no uv\n"
