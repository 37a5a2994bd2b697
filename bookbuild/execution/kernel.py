"""One notebook in one kernel, on a worker: start, run cell by cell, end, and say how it went."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from bookbuild.execution.environment import variables
from bookbuild.execution.limits import LimitedClient, end_when_too_large
from bookbuild.execution.normalise import Places, normal_outputs, normal_text, rules
from bookbuild.execution.values import CellRun, Failure, Job, Outcome

STARTUP = 120
"""seconds for a kernel to answer, on a busy machine"""
LAUNCHER = Path(__file__).with_name("launcher.py")
OPTIONS = (
    # native output comes at any time: it goes to the log, not to whichever cell runs at that moment
    "--IPKernelApp.capture_fd_output=False",
    "--HistoryManager.enabled=False",
    "--InlineBackend.figure_formats=svg",
    "--InteractiveShell.colors=NoColor",
)
WAITING = 10_000
"""messages of a kernel that may wait to be read; ZeroMQ drops further ones, the end of a cell among them"""
LONGEST_SOCKET = 90
"""bytes in the path of a socket, below what Linux (107) and macOS (103) take"""

Tell = Callable[[dict[str, Any]], None]


def run_notebook(job: Job, tell: Tell = lambda event: None) -> Outcome:
    """Run a notebook from a fresh kernel in a fresh folder.  A failing cell ends it; nothing is raised."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=job.scratch or None) as folder:
        return asyncio.run(_Run(job, Path(folder).resolve(), tell).run())


class _OneKernel(KernelSpecManager):
    """Knows one kernel, which is registered nowhere."""

    spec: KernelSpec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return self.spec


@dataclass(slots=True)
class _Run:
    job: Job
    folder: Path
    tell: Tell
    cells: list[CellRun] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    failure: Failure | None = None
    peak_memory: int = 0

    async def run(self) -> Outcome:
        started = time.monotonic()
        for name in ("work", "home", "tmp", "lib"):
            (self.folder / name).mkdir()
        # of the clone a kernel sees d2l alone: what else it could import, no key would cover
        (self.folder / "lib" / "d2l").symlink_to(Path(self.job.root) / "d2l")
        notebook = nbformat.reads(self.job.notebook, as_version=4)
        self.say({"event": "start"})
        manager = self.manager()
        client = LimitedClient(
            notebook,
            km=manager,
            shutdown_kernel="immediate",
            startup_timeout=STARTUP,
            ipython_hist_file="",
            iopub_timeout=STARTUP,
            raise_on_iopub_timeout=True,
            timeout_func=lambda cell: max(1, round(started + self.job.timeout - time.monotonic())),
        )
        group = 0
        try:
            env = variables(Path(self.job.root), self.folder, self.job.framework, self.job.device, os.environ)
            cwd = str(self.folder / "work")
            if not machine(self.job.device):
                raise LookupError("this worker sees no GPU: nvidia-smi names none")
            with (self.folder / "kernel.log").open("wb") as native:
                async with client.async_setup_kernel(
                    cleanup_kc=True, env=env, cwd=cwd, stdout=native, stderr=subprocess.STDOUT
                ):
                    group = manager.provisioner.pid or 0
                    watch = asyncio.create_task(end_when_too_large(group, self.job.memory))
                    await self.run_cells(client, notebook)
                    self.peak_memory = _peak_memory(group)
                    if watch.done() and self.failure:
                        self.failure = replace(self.failure, kind="memory")
                    watch.cancel()
        except Exception as error:  # the kernel did not start, or went away between two cells
            self.failure = self.failure or Failure("start", "", 0, f"{type(error).__name__}: {error}")
        finally:
            _end_group(group)
        if self.failure and self.failure.kind != "error":
            self.log.append(_tail(self.folder / "kernel.log"))
        return self.outcome(time.monotonic() - started)

    def manager(self) -> AsyncKernelManager:
        argv = [self.job.interpreter, str(LAUNCHER), str(os.getpid()), *OPTIONS, "-f", "{connection_file}"]
        specs = _OneKernel()
        specs.spec = KernelSpec(argv=argv, display_name="Python 3", language="python")
        connection = str(self.folder / "k.json")
        # sockets of files, not ports: no other program can take them first
        files = len(connection) < LONGEST_SOCKET
        manager = AsyncKernelManager(
            kernel_name="book",
            kernel_spec_manager=specs,
            connection_file=connection,
            **({"transport": "ipc", "ip": str(self.folder / "k")} if files else {}),
        )
        manager.context.setsockopt(zmq.RCVHWM, WAITING)
        return manager

    async def run_cells(self, client: LimitedClient, notebook: NotebookNode) -> None:
        places = self.places()
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            started = time.monotonic()
            self.failure = await _run_cell(client, cell, index)
            seconds = time.monotonic() - started
            raising = _raising_line(cell)
            lines = cell.source.split("\n")
            text = lines[raising - 1].strip() if 0 < raising <= len(lines) else ""
            self.cells.append(
                CellRun(cell.metadata.name, normal_outputs(cell.outputs, places, text), seconds)
            )
            self.log.append(_log(cell, seconds, self.failure))
            self.say({"event": "cell", "cell": cell.metadata.name})
            if self.failure:
                return

    def places(self) -> Places:
        packages = _packages(self.job.interpreter)
        return Places(
            root=self.job.root,
            folder=str(self.folder),
            packages=str(packages),
            library=str(_library(self.job.interpreter, packages)),
        )

    def say(self, event: dict[str, Any]) -> None:
        self.tell({"page": self.job.page, "framework": self.job.framework, **event})

    def outcome(self, seconds: float) -> Outcome:
        packages = _packages(self.job.interpreter)
        installed = {d.name: d.version for d in importlib.metadata.distributions(path=[str(packages)])}
        python = packages.parent.name.removeprefix("python")
        return Outcome(
            self.job.page,
            self.job.framework,
            tuple(self.cells),
            seconds,
            self.peak_memory,
            machine(self.job.device),
            python,
            installed,
            self.failure,
            "".join(self.log),
        )


async def _run_cell(client: LimitedClient, cell: NotebookNode, index: int) -> Failure | None:
    name = cell.metadata.name
    try:
        await client.async_execute_cell(cell, index)
    except CellExecutionError as error:
        shown = _without_codes("\n".join(next(o.traceback for o in cell.outputs if o.output_type == "error")))
        return Failure("error", name, _raising_line(cell), f"{error.ename}: {error.evalue}", shown)
    except CellTimeoutError:
        return Failure("timeout", name, 0, "did not end in the time of its notebook")
    except DeadKernelError:
        return Failure("dead", name, 0, "the kernel died while it ran")
    return None


def _raising_line(cell: NotebookNode) -> int:
    """The line of the cell, from 1, on which its error came up; 0 when there is none."""
    for output in cell.outputs:
        if output.output_type == "error":
            text = _without_codes("\n".join(output.traceback))
            places = re.findall(r"Cell In\[(\d+)\], line (\d+)", text)
            here = [int(line) for count, line in places if int(count) == cell.execution_count]
            return here[0] if here else 0
    return 0


def _without_codes(text: str) -> str:
    return normal_text(text, "text", rules(Places("", "", "", ""))[:1])


def _log(cell: NotebookNode, seconds: float, failure: Failure | None) -> str:
    """What a cell wrote and how it ended, in full, for the log of its notebook."""
    lines = [f"--- {cell.metadata.name} ({seconds:.2f} s)\n"]
    for output in cell.outputs:
        if output.output_type == "stream":
            lines.append(output.text)
        elif output.output_type == "error":
            lines.append(_without_codes("\n".join(output.traceback)))
        else:
            lines.append(str(output.data.get("text/plain", f"[{', '.join(output.data)}]")))
    if failure and failure.kind != "error":
        lines.append(failure.message)
    return "\n".join(line.rstrip("\n") for line in lines) + "\n"


def _tail(path: Path) -> str:
    """What the kernel's process itself wrote at its end: a crash leaves its message there."""
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    return "".join(f"{line}\n" for line in text.splitlines()[-20:])


def _packages(interpreter: str) -> Path:
    """site-packages of a virtual environment."""
    found = sorted(Path(interpreter).parent.parent.glob("lib/python3.*/site-packages"))
    return found[-1] if found else Path(interpreter).parent


def _library(interpreter: str, packages: Path) -> Path:
    """The folder of Python's own modules."""
    base = Path(interpreter).resolve().parent.parent
    return base / "lib" / packages.parent.name


def _peak_memory(process: int) -> int:
    """MiB at the most that a process held so far; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return round(int(found.group(1)) / 1024) if found else 0


def _end_group(process: int) -> None:
    """End what a kernel started and left running; it leads a group of its own."""
    if process:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)


def machine(device: str) -> str:
    """The name of the processor that computes; "" for a GPU that is not there."""
    if device == "gpu":
        query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        try:
            return subprocess.run(query, capture_output=True, text=True, check=True).stdout.split("\n")[0]
        except (OSError, subprocess.CalledProcessError):
            return ""
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
        if found:
            return found.group(1).strip()
    return os.uname().machine
