"""What goes to a worker and what comes back: plain values, so that any worker can do the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

TIMEOUT = 600
"""seconds for a notebook whose page says nothing"""
MEMORY = 4096
"""MiB that a notebook's kernel may hold where its page says nothing"""


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to run."""

    page: str
    framework: str
    notebook: str
    """JSON of nbformat 4.5"""
    root: str
    """the clone; "" for the one that the worker stands in"""
    interpreter: str
    """of the notebook's environment; "" for that of the worker's clone"""
    environment: str = ""
    """its name, as ``pytorch`` or ``pytorch.gpu``"""
    sources: tuple[tuple[str, str], ...] = ()
    """digests of the files that outputs depend on, by path: a worker's own clone has to agree"""
    device: str = "cpu"
    devices: int = 0
    timeout: int = TIMEOUT
    memory: int = MEMORY
    """MiB"""
    scratch: str = ""
    """a folder for run folders; "" for the system's"""

    @property
    def title(self) -> str:
        return f"{self.page} {self.framework}"


@dataclass(frozen=True, slots=True)
class CellRun:
    name: str
    outputs: tuple[dict[str, Any], ...]
    """normalised"""
    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    kind: Literal["error", "timeout", "memory", "dead", "start"]
    cell: str
    line: int
    """in the cell, from 1"""
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    page: str
    framework: str
    cells: tuple[CellRun, ...]
    seconds: float
    peak_memory: int
    """MiB"""
    machine: str
    python: str
    installed: dict[str, str]
    """versions of all packages of the environment"""
    failure: Failure | None
    log: str


def not_run(job: Job, error: BaseException) -> Outcome:
    """The outcome of a notebook whose kernel could not even be asked for."""
    failure = Failure("start", "", 0, f"{type(error).__name__}: {error}")
    return Outcome(
        page=job.page,
        framework=job.framework,
        cells=(),
        seconds=0.0,
        peak_memory=0,
        machine="",
        python="",
        installed={},
        failure=failure,
        log="",
    )
