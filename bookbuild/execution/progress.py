"""How far the execution is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from bookbuild.execution.plan import Planned


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Board:
    """Counts notebooks and cells and says what is left.  Events may come from any thread."""

    def __init__(self, planned: Sequence[Planned], workers: int, console: Console | None = None) -> None:
        self.console = console or Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self.workers = max(1, workers)
        self.left = {(p.page.docname, p.framework): p.estimate for p in planned}
        self.total = len(planned)
        self.cells = sum(p.cells for p in planned)
        self.started = time.monotonic()
        self.running: dict[tuple[str, str], str] = {}
        self._ran: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Board:
        notebooks, cells = counted(self.total, "notebook"), counted(self.cells, "cell")
        self.say(f"executing {notebooks}, {cells}, on {counted(self.workers, 'worker')}")
        if self.console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("cells, {task.fields[left]} left  {task.fields[now]}"),
                console=self.console,
                transient=True,
            )
            self._task = self._bar.add_task("", total=self.cells, left="", now="")
            self._bar.start()
            self._show()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def event(self, event: dict[str, Any]) -> None:
        """A worker began a notebook, or ended a cell."""
        key = event["page"], event["framework"]
        with self._lock:
            if event["event"] == "start":
                self.running[key] = ""
                self._ran[key] = 0
            elif key in self._ran:
                self.running[key] = event["cell"]
                self._ran[key] += 1
        self._show()

    def ended(self, planned: Planned, line: str) -> None:
        key = planned.page.docname, planned.framework
        with self._lock:
            self.left.pop(key, None)
            self.running.pop(key, None)
            self._ran[key] = planned.cells
        done = self.total - len(self.left)
        left = f", about {self.seconds_left():.0f} s left" if self.left and not self._bar else ""
        self.say(f"[{done}/{self.total}] {planned.page.docname} {planned.framework}: {line}{left}")
        self._show()

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False)

    def seconds_left(self) -> float:
        return sum(self.left.values()) / min(self.workers, max(1, len(self.left)))

    def _show(self) -> None:
        if self._bar:
            now = ", ".join(" ".join(k) for k in sorted(self.running))
            self._bar.update(
                self._task,
                completed=sum(self._ran.values()),
                left=f"{self.seconds_left():.0f} s",
                description=f"{self.total - len(self.left)}/{self.total} notebooks",
                now=now,
            )
