"""What one notebook may take of the machine: memory, and room for what its cells print."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import Counter
from typing import Any

import psutil
from nbclient import NotebookClient
from nbformat import NotebookNode

from bookbuild.execution.normalise import FLOOD

LOOK = 0.2
"""seconds between two looks at the memory: what a cell can take in them comes on top of the limit"""
PIECES = 500
"""outputs of one cell, other than printed text, that are taken at all"""


class LimitedClient(NotebookClient):
    """Takes a bounded amount of a cell's outputs, so that a flood fills neither memory nor the store."""

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        if not hasattr(self, "taken"):
            self.taken: Counter[tuple[int, str]] = Counter()
        stream = msg["msg_type"] == "stream"
        key = cell_index, msg["content"]["name"] if stream else ""
        room = (FLOOD if stream else PIECES) - self.taken[key]
        if stream:
            msg["content"]["text"] = msg["content"]["text"][: max(room, 0)]
        self.taken[key] += len(msg["content"]["text"]) if stream else 1
        return super().output(outs, msg, display_id, cell_index) if room > 0 else None


async def end_when_too_large(process: int, limit: int) -> None:
    """Wait until a kernel with all that it started holds more than ``limit`` MiB; then end it and return."""
    while held(process) <= limit:
        await asyncio.sleep(LOOK)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)


def held(process: int) -> int:
    """MiB that a process and its children hold in memory now; 0 when it is gone."""
    total = 0
    with contextlib.suppress(psutil.Error):
        kernel = psutil.Process(process)
        for each in (kernel, *kernel.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += each.memory_info().rss
    return total >> 20
