"""Stored outputs as pages and notebooks show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from bookbuild.pages import Cell
from bookbuild.render import safe


def shown_outputs(cell: Cell, outputs: Iterable[dict[str, Any]]) -> list[NotebookNode]:
    """What may be shown of a cell's stored outputs."""
    if "remove-output" in cell.tags:
        return []
    return [shown for output in outputs if (shown := _shown(output)) is not None]


def labelled(outputs: list[NotebookNode], say: Callable[[str], str]) -> list[NotebookNode]:
    """The outputs, with ``say(label)`` in the place of each label of a drawing.

    A downloaded notebook does without: its drawings are what its code gives.
    """
    for output in outputs:
        if safe.DRAWING in output.get("data", {}):
            output["data"][safe.DRAWING] = safe.relabelled(output["data"][safe.DRAWING], say)
    return outputs


def _shown(output: dict[str, Any]) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in ("stdout", "stderr"):
        return new_output("stream", name=output["name"], text=safe.text(output.get("text", "")))
    if kind == "error":
        traceback = [safe.text(line) for line in output.get("traceback") or ()]
        name, value = str(output.get("ename", "")), str(output.get("evalue", ""))
        return new_output("error", ename=name, evalue=value, traceback=traceback or [f"{name}: {value}"])
    if kind in ("display_data", "execute_result"):
        data = safe.bundle(output.get("data", {}))
        return new_output("display_data", data=data) if data else None
    return None
