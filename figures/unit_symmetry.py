"""Two hidden units with equal weights: equal values forward, equal gradients backward."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from figures.kit import BLUE, GREY, ORANGE, arrow, canvas

RADIUS = 0.34
LEFT, MIDDLE, RIGHT = 0.6, 3.0, 5.4
UPPER, LOWER = 3.9, 1.7
CENTRE = (UPPER + LOWER) / 2


def draw(labels: dict[str, str]) -> Figure:
    """Input, two hidden units, output; solid arrows forward on the outside, dashed ones backward inside."""
    figure, axes = canvas(4.3, 3.55, (0, 6.0), (0, 4.95))
    for y, side in ((UPPER, 1), (LOWER, -1)):
        _edge(axes, (LEFT, CENTRE), (MIDDLE, y), side, ("w", "v·g"))
        _edge(axes, (MIDDLE, y), (RIGHT, CENTRE), side, ("v", "g"))
        _node(axes, (MIDDLE, y), "h")
    _node(axes, (LEFT, CENTRE), "x")
    _node(axes, (RIGHT, CENTRE), "y")
    axes.text(MIDDLE, UPPER + 0.56, labels["one"], color=GREY, ha="center", va="center")
    axes.text(MIDDLE, LOWER - 0.56, labels["two"], color=GREY, ha="center", va="center")
    _legend(axes, 0.5, BLUE, "-", labels["forward"])
    _legend(axes, 0.15, ORANGE, "--", labels["backward"])
    return figure


def _legend(axes: Axes, y: float, color: str, line: str, text: str) -> None:
    arrow(axes, (0.2, y), (0.8, y), color, linestyle=line)
    axes.text(0.95, y, text, color=color, va="center", fontsize=10.5)


def _node(axes: Axes, at: tuple[float, float], text: str) -> None:
    axes.add_patch(Circle(at, RADIUS, fill=False, edgecolor=GREY, linewidth=1.4))
    axes.text(*at, text, color=BLUE, ha="center", va="center", style="italic", weight="bold")


def _edge(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], side: int, names: tuple[str, str]
) -> None:
    """Forward with its weight on one side, and beside it backward with the gradient that travels there."""
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    along = ((x1 - x0) / length, (y1 - y0) / length)
    aside = (-along[1], along[0])

    def at(share: float, offset: float) -> tuple[float, float]:
        inner = RADIUS + 0.06 + share * (length - 2 * RADIUS - 0.12)
        return (x0 + inner * along[0] + offset * aside[0], y0 + inner * along[1] + offset * aside[1])

    weight, slope = names
    arrow(axes, at(0, 0.09 * side), at(1, 0.09 * side), BLUE)
    arrow(axes, at(1, -0.09 * side), at(0, -0.09 * side), ORANGE, linestyle="--")
    axes.text(
        *at(0.5, 0.34 * side), weight, color=BLUE, ha="center", va="center", style="italic", weight="bold"
    )
    axes.text(*at(0.5, -0.36 * side), slope, color=ORANGE, ha="center", va="center", style="italic")
