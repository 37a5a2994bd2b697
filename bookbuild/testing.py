"""``make test``: bring up what the tests need, then run them all with coverage."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bookbuild import environments, system

TOOLS = ("lock",)
SYSTEM_KINDS = ("browser", "tex")


def run_tests(root: Path, strict: bool = False) -> int:
    """Run every test that this machine can run; the exit code of pytest.

    What cannot be had here is said in one line each and its tests are left out; ``strict`` fails instead.
    """
    problems, without = prepare(root)
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    if problems and strict:
        return 1
    return subprocess.run(pytest_command(without), cwd=root, check=False).returncode


def prepare(root: Path) -> tuple[list[str], list[str]]:
    """Environments and Debian packages side by side: problems, and the markers of tests that cannot run."""
    frameworks = [
        name for name in environments.names(root) if name not in TOOLS and not name.endswith(".gpu")
    ]
    with ThreadPoolExecutor() as pool:
        made = pool.submit(environments.ensure, root, frameworks)
        installed = {kind: problem for kind in SYSTEM_KINDS if (problem := system.install(kind))}
        problems = [problem for problem in made.result().values() if problem]
    return problems + list(installed.values()), list(installed)


def pytest_command(without: list[str]) -> list[str]:
    """All tests but those of the markers ``without``."""
    command = [sys.executable, "-m", "pytest", "--cov", "--cov-report=term"]
    return [*command, "-m", " and ".join(f"not {marker}" for marker in without)] if without else command
