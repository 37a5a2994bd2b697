"""The causal mask of a sequence of eight positions: which inputs an output may use."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures.kit import BLUE, GREY, ORANGE, canvas

LENGTH, GAP = 8, 0.09


def draw(labels: dict[str, str]) -> Figure:
    """Rows are outputs, columns inputs; a filled square is allowed, a cross forbidden."""
    figure, axes = canvas(4.0, 4.1, (-1.3, LENGTH + 0.3), (-LENGTH - 1.35, 1.3))
    axes.set_aspect("equal")
    for position in range(LENGTH):
        axes.text(position + 0.5, 0.3, str(position + 1), color=GREY, ha="center", va="center")
        axes.text(-0.3, -position - 0.5, str(position + 1), color=GREY, ha="center", va="center")
        for earlier in range(LENGTH):
            _cell(axes, earlier, -position - 1, earlier <= position)
    axes.text(LENGTH / 2, 0.95, labels["columns"], color=GREY, ha="center", va="center")
    axes.text(-0.95, -LENGTH / 2, labels["rows"], color=GREY, ha="center", va="center", rotation=90)
    _cell(axes, 0, -LENGTH - 1.25, True)
    axes.text(1.2, -LENGTH - 0.75, labels["allowed"], color=BLUE, va="center")
    _cell(axes, 2.9, -LENGTH - 1.25, False)
    axes.text(4.1, -LENGTH - 0.75, labels["forbidden"], color=ORANGE, va="center")
    return figure


def _cell(axes: Axes, x: float, y: float, allowed: bool) -> None:
    """One entry of the mask with its lower left corner at ``(x, y)``."""
    side = 1 - 2 * GAP
    axes.add_patch(
        Rectangle(
            (x + GAP, y + GAP),
            side,
            side,
            facecolor=BLUE if allowed else "none",
            edgecolor=BLUE if allowed else GREY,
            linewidth=0.8,
        )
    )
    if not allowed:
        axes.plot([x + 0.5], [y + 0.5], "x", color=ORANGE, markersize=6, markeredgewidth=1.4)
