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
