"""Debian packages: known when missing, installed where we may, else said as a command."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from bookbuild import environments, system, testing


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Debian machine with nothing on PATH but an apt-get that notes what it is asked; that folder."""
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> {tmp_path}/notes\n')
    apt.chmod(0o755)
    release = tmp_path / "os-release"
    release.write_text('NAME="Debian"\nID=debian\n')
    monkeypatch.setattr(system, "OS_RELEASE", release)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def test_a_bare_machine_misses_every_package(bare: Path) -> None:
    assert system.missing("browser") == ("chromium", "chromium-driver")
    assert "texlive-xetex" in system.missing("tex")
    assert len(system.missing("tex")) == len(system.NEEDS["tex"])


def test_root_on_debian_installs_without_questions(bare: Path) -> None:
    said: list[str] = []
    problem = system.install("browser", said.append)
    assert (
        problem == "still missing after installation: chromium chromium-driver"
    )  # our apt-get installs nothing
    assert said == ["apt-get update", "apt-get install -y --no-install-recommends chromium chromium-driver"]
    update, install = (bare / "notes").read_text().splitlines()
    assert update.startswith("noninteractive -qq") and update.endswith("update")
    assert install.endswith("install -y --no-install-recommends chromium chromium-driver")


def test_without_the_right_to_install_the_exact_command_is_returned(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    command = system.install("browser")
    assert command == (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium chromium-driver"
    )
    assert not (bare / "notes").exists()


def test_other_systems_are_told_what_to_look_for(bare: Path) -> None:
    (bare / "os-release").write_text("ID=fedora\n")
    answer = system.install("browser")
    assert answer == "install what Debian calls chromium chromium-driver with this system's package manager"
    (bare / "os-release").write_text("ID=ubuntu\nID_LIKE=debian\n")
    assert "snap install chromium" in (system.install("browser") or "")


def test_a_failing_apt_is_one_line(bare: Path) -> None:
    (bare / "apt-get").write_text("#!/bin/sh\necho first\necho 'E: Unable to fetch'\nexit 100\n")
    assert system.install("browser") == "apt-get update failed: E: Unable to fetch"


def test_what_is_there_is_not_installed_again(bare: Path) -> None:
    for program in ("google-chrome", "chromedriver"):
        (bare / program).symlink_to("/bin/true")
    assert system.install("browser") is None
    assert not (bare / "notes").exists()


def test_the_tests_of_what_cannot_be_had_are_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "environments"
    folder.mkdir()
    for name in ("build", "lock", "jax", "jax.gpu"):
        (folder / f"{name}.in").touch()
    asked: list[list[str]] = []
    monkeypatch.setattr(environments, "ensure", lambda root, names: {name: f"no {name}" for name in names})
    monkeypatch.setattr(system, "install", lambda kind: "sudo this" if kind == "tex" else None)
    monkeypatch.setattr(testing.subprocess, "run", lambda command, **_: (
        asked.append(command) or subprocess.CompletedProcess(command, 5)))  # fmt: skip
    assert testing.run_tests(tmp_path) == 5
    assert capsys.readouterr().err.splitlines() == [
        "left out: no build",
        "left out: no jax",
        "left out: sudo this",
    ]
    assert asked[0][-2:] == ["-m", "not tex"]
    assert testing.run_tests(tmp_path, strict=True) == 1
    assert len(asked) == 1


def test_a_library_that_the_linker_does_not_know_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = (system.Need("libc6", library="libc.so.6"), system.Need("liblesson1", library="liblesson.so.1"))
    monkeypatch.setitem(system.NEEDS, "mxnet", needs)
    monkeypatch.setattr(system.sys, "platform", "linux")
    assert system.missing("mxnet") == ("liblesson1",)
    assert system.missing("jax") == ()


def test_the_readme_names_every_debian_package() -> None:
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text()
    for needs in system.NEEDS.values():
        for need in needs:
            assert re.search(rf"(?<![\w-]){re.escape(need.package)}(?![\w-])", readme), need.package
