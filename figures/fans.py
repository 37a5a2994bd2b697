"""Fan-in and fan-out: the number of terms that a unit adds forward, and that it adds backward."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from figures.kit import BLUE, GREY, ORANGE, arrow, canvas

RADIUS = 0.17
ROWS = (3.1, 2.5, 1.9, 1.3)
OUTS = (2.9, 2.2, 1.5)
CENTRE = sum(ROWS) / len(ROWS)


def draw(labels: dict[str, str]) -> Figure:
    """Two panels: many inputs into one output, and the gradients of many outputs into one input."""
    figure, axes = canvas(4.3, 3.1, (0, 6.0), (0, 4.33))
    _many(axes, 0.35, ROWS)
    _one(axes, 2.35, "z")
    _many(axes, 5.65, OUTS)
    _one(axes, 3.65, "x")
    for y in ROWS:
        arrow(axes, (0.35 + RADIUS + 0.05, y), (2.35 - RADIUS - 0.1, _aim(y)), BLUE)
    for y in OUTS:
        arrow(axes, (5.65 - RADIUS - 0.05, y), (3.65 + RADIUS + 0.1, _aim(y)), ORANGE, linestyle="--")
    _titles(axes, 1.35, BLUE, labels["forward"], labels["in"], "× n σ²")
    _titles(axes, 4.65, ORANGE, labels["backward"], labels["out"], "× m σ²")
    axes.plot([3.0, 3.0], [0.2, 4.1], color=GREY, linewidth=0.8, linestyle=":")
    return figure


def _aim(y: float) -> float:
    """Arrows end a little apart, so that they can be counted."""
    return CENTRE + 0.22 * (y - CENTRE)


def _many(axes: Axes, x: float, rows: tuple[float, ...]) -> None:
    for y in rows:
        axes.add_patch(Circle((x, y), RADIUS, fill=False, edgecolor=GREY, linewidth=1.4))


def _one(axes: Axes, x: float, text: str) -> None:
    axes.add_patch(Circle((x, CENTRE), 0.26, fill=False, edgecolor=GREY, linewidth=1.4))
    axes.text(x, CENTRE, text, color=GREY, ha="center", va="center", style="italic", weight="bold")


def _titles(axes: Axes, x: float, color: str, above: str, below: str, factor: str) -> None:
    axes.text(x, 3.95, above, color=color, ha="center", va="center", weight="bold")
    axes.text(x, 0.75, below, color=color, ha="center", va="center", fontsize=10.5)
    axes.text(x, 0.28, factor, color=color, ha="center", va="center", weight="bold")
