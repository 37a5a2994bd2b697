"""The straight-through estimator: a staircase in the forward pass, a line's slope in the backward pass."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.kit import BLUE, GREY, ORANGE, arrow, canvas

LIMIT, LEFT, RIGHT = 2.5, 0.0, 7.2


def draw(labels: dict[str, str]) -> Figure:
    """Two small plots side by side over the same inputs, from -2.5 to 2.5."""
    figure, axes = canvas(4.3, 2.75, (-3.0, 10.2), (-4.0, 4.4))
    for middle, title in ((LEFT, labels["forward"]), (RIGHT, labels["backward"])):
        axes.text(middle, 3.8, title, color=GREY, ha="center", va="center", weight="bold")
        arrow(axes, (middle - 2.9, 0), (middle + 3.0, 0), linewidth=0.8)
        arrow(axes, (middle, -2.9), (middle, 3.2), linewidth=0.8)
        axes.text(middle + 2.8, -0.5, labels["input"], color=GREY, ha="center", va="center", style="italic")
    _forward(axes, labels)
    _backward(axes, labels)
    return figure


def _forward(axes: Axes, labels: dict[str, str]) -> None:
    """Rounding in full strokes, the line that stands for it in dashes."""
    for step in range(-2, 3):
        axes.plot([LEFT + step - 0.5, LEFT + step + 0.5], [step, step], color=BLUE, linewidth=2.2)
    axes.plot([LEFT - LIMIT, LEFT + LIMIT], [-LIMIT, LIMIT], "--", color=ORANGE, linewidth=1.4)
    axes.plot([LEFT - 2.9, LEFT - 2.3], [-3.5, -3.5], color=BLUE, linewidth=2.2)
    axes.text(LEFT - 2.1, -3.5, labels["rounded"], color=BLUE, va="center")
    axes.plot([LEFT + 1.0, LEFT + 1.8], [-3.5, -3.5], "--", color=ORANGE, linewidth=1.4)
    axes.text(LEFT + 2.0, -3.5, labels["line"], color=ORANGE, va="center")


def _backward(axes: Axes, labels: dict[str, str]) -> None:
    """The derivative of each: zero with gaps at the jumps, and one."""
    for step in range(-2, 3):
        axes.plot([RIGHT + step - 0.42, RIGHT + step + 0.42], [0, 0], color=BLUE, linewidth=2.2)
    for jump in (-1.5, -0.5, 0.5, 1.5):
        axes.plot([RIGHT + jump], [0], "o", color=BLUE, markersize=3.5, fillstyle="none")
    axes.plot([RIGHT - LIMIT, RIGHT + LIMIT], [1, 1], "--", color=ORANGE, linewidth=1.4)
    axes.text(RIGHT + 0.2, 1.55, labels["passed"], color=ORANGE, va="center")
    axes.text(RIGHT + 0.2, -1.3, labels["exact"], color=BLUE, va="center")
