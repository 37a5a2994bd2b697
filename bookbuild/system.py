"""Debian packages that PDFs, browser tests and a framework need: whether they are there, how to install them.

Standard library only, and any Python from 3.9: the environments are made with it.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Report = Callable[[str], None]


@dataclass(frozen=True)
class Need:
    """A package, and what shows that it, or the same from another source, is there."""

    package: str
    program: tuple[str, ...] = ()
    """one of these programs is on PATH"""
    tex: str = ""
    """TeX finds this file"""
    font: str = ""
    """fontconfig knows this family"""
    library: str = ""
    """the linker knows this shared library (Linux; wheels for other systems bring theirs)"""


NEEDS: dict[str, tuple[Need, ...]] = {
    "tex": (
        Need("texlive-xetex", program=("xelatex",)),
        Need("texlive-latex-recommended", tex="unicode-math.sty"),
        Need("texlive-latex-extra", tex="tabulary.sty"),
        Need("texlive-fonts-recommended", tex="pzdr.tfm"),  # for hyperref
        Need("texlive-lang-cjk", tex="xeCJK.sty"),
        Need("texlive-lang-chinese", tex="ctexhook.sty"),  # for xeCJK.sty
        Need("texlive-lang-french", tex="french.ldf"),
        Need("texlive-lang-portuguese", tex="brazil.ldf"),
        Need("texlive-lang-other", tex="bahasai.ldf"),
        Need("fonts-texgyre", tex="texgyrepagella-regular.otf"),
        Need("fonts-texgyre-math", tex="texgyrepagella-math.otf"),
        Need("fontconfig", program=("fc-list",)),
        Need("fonts-dejavu-core", font="DejaVu Sans Mono"),
        Need("fonts-dejavu-extra", font="DejaVu Sans Mono:style=Oblique"),
        Need("fonts-noto-cjk", font="Noto Serif CJK SC"),
        Need("librsvg2-bin", program=("rsvg-convert",)),
        Need("poppler-utils", program=("pdftotext",)),
    ),
    "browser": (
        Need("chromium", program=("chromium", "chromium-browser", "google-chrome")),
        Need("chromium-driver", program=("chromedriver",)),
    ),
    # its wheel brings OpenBLAS, but not what that was linked with
    "mxnet": (
        Need("libgomp1", library="libgomp.so.1"),
        Need("libquadmath0", library="libquadmath.so.0"),
    ),
}
APT = threading.Lock()
"""apt-get runs once at a time"""
OS_RELEASE = Path("/etc/os-release")


def missing(kind: str) -> tuple[str, ...]:
    """The Debian packages that ``kind`` (tex, browser or a framework) still needs on this machine."""
    needs = NEEDS.get(kind, ())
    found = _tex_files([need.tex for need in needs if need.tex]) if kind == "tex" else frozenset()
    return tuple(need.package for need in needs if not _present(need, found))


def _present(need: Need, tex_files: frozenset[str]) -> bool:
    if need.program:
        return any(map(shutil.which, need.program))
    if need.library:
        return not sys.platform.startswith("linux") or _loadable(need.library)
    if need.font:
        return bool(_output(["fc-list", need.font, "family"]))
    return need.tex in tex_files


def _loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _tex_files(names: list[str]) -> frozenset[str]:
    """Those of the files that TeX finds; asked in one call."""
    return frozenset(Path(line).name for line in _output(["kpsewhich", *names]).splitlines())


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""  # the program itself is missing


def install(kind: str, report: Report = print) -> str | None:
    """Install what is missing where we may: as root on Debian or Ubuntu.

    Returns None when everything is there, else one line with the command for the reader to run.
    """
    packages = missing(kind)
    if not packages:
        return None
    distribution = _distribution()
    if kind == "browser" and "ubuntu" in distribution:
        return "Chromium is a snap on Ubuntu and brings its driver; install it: snap install chromium"
    if "debian" not in distribution or not shutil.which("apt-get"):
        return f"install what Debian calls {' '.join(packages)} with this system's package manager"
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() != 0:
        return f"sudo apt-get update && sudo {shlex.join(command)}"
    with APT:
        for step in (["apt-get", "update"], command):
            report(shlex.join(step))
            problem = _apt(step)
            if problem:
                return f"{shlex.join(step)} failed: {problem}"
    left = missing(kind)
    return f"still missing after installation: {' '.join(left)}" if left else None


def _apt(step: list[str]) -> str | None:
    """Run quietly; the last line of a failure."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [step[0], "-qq", "-o", "DPkg::Lock::Timeout=300", *step[1:]]
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, text=True, check=False, **both)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return (lines[-1] if lines else "no message") if done.returncode else None


def _distribution() -> frozenset[str]:
    """The words of ID and ID_LIKE in os-release: ``{"ubuntu", "debian"}``."""
    try:
        lines = OS_RELEASE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    pairs = (line.partition("=") for line in lines)
    values = (value.strip("\"'") for key, _, value in pairs if key in ("ID", "ID_LIKE"))
    return frozenset(word for value in values for word in value.split())
