"""A worker's own clone: the work comes by value, and what it runs on has to be the same there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bookbuild import environments
from bookbuild.config import find_root
from bookbuild.execution.values import Job
from bookbuild.files import digest

ROOM = Path(__file__).parent
CAPTURE = ("environment.py", "kernel.py", "limits.py", "normalise.py", "matplotlibrc")
"""files of this package that decide what is stored"""


class OtherClone(Exception):
    """The worker cannot do the work as its client would; says in a line what is different."""


def sources(root: Path, environment: str, data: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Digests of what a notebook's outputs depend on beside its cells, by path in the clone."""
    files = [
        *sorted((root / "d2l").rglob("*.py")),
        environments.lock(root, environment),
        *(root / "data" / name for name in sorted(data)),
    ]
    here = {p.relative_to(root).as_posix(): p for p in files if p.is_file()}
    here |= {f"bookbuild/execution/{name}": ROOM / name for name in CAPTURE}
    return tuple((name, digest(path.read_bytes())) for name, path in here.items())


def settle(job: Job) -> Job:
    """The job with the folders of the worker's clone, where it names none.  Raises OtherClone."""
    if job.root:
        return job
    root = find_root(Path.cwd())
    data = [name.removeprefix("data/") for name, _ in job.sources if name.startswith("data/")]
    here, wanted = dict(sources(root, job.environment, data)), dict(job.sources)
    other = sorted(n for n in here.keys() | wanted.keys() if here.get(n) != wanted.get(n))
    if other:
        more = f" and {len(other) - 1} more" if len(other) > 1 else ""
        raise OtherClone(f"this worker's clone has another {other[0]}{more}; check out the same commit there")
    if not environments.ready(root, job.environment):
        raise OtherClone(
            f"this worker's clone has no environment {job.environment}; make it there with "
            f"`python3 -m bookbuild.environments {job.environment}`"
        )
    python = environments.interpreter(root, job.environment)
    return replace(job, root=str(root), interpreter=str(python))
