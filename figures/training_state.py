"""What a training step reads and writes, and which of it stands in which kind of file."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures.kit import BLUE, GREEN, GREY, ORANGE, PURPLE, arrow, box, canvas

PARTS = (("weights", "θ", BLUE), ("optimizer", "o", ORANGE), ("number", "t", GREEN), ("random", "r", PURPLE))
ROW, TOP = 0.62, 3.6


def draw(labels: dict[str, str]) -> Figure:
    """Four parts on the left, the step in the middle, the same four on the right; two brackets below."""
    figure, axes = canvas(4.3, 2.6, (0, 6.1), (0.95, 4.4))
    axes.text(0.1, TOP + 0.55, labels["now"], color=GREY, style="italic")
    axes.text(6.0, TOP + 0.55, labels["next"], color=GREY, style="italic", ha="right")
    middle = TOP - 1.5 * ROW + 0.1
    for i, (name, symbol, color) in enumerate(PARTS):
        y = TOP - i * ROW
        box(axes, 0.1, y - 0.12, 2.35, 0.44, "", color)
        axes.text(0.2, y + 0.1, labels[name], color=color, va="center")
        axes.text(2.37, y + 0.1, symbol, color=color, va="center", ha="right", weight="bold")
        box(axes, 5.25, y - 0.12, 0.75, 0.44, symbol, color)
        arrow(axes, (2.47, y + 0.1), (3.08, middle + (1.5 - i) * 0.28))
        arrow(axes, (4.62, middle + (1.5 - i) * 0.28), (5.23, y + 0.1))
    axes.add_patch(Rectangle((3.1, middle - 0.85), 1.5, 1.7, fill=False, edgecolor=GREY, linewidth=1.6))
    axes.text(3.85, middle, "F", color=GREY, ha="center", va="center", weight="bold", fontsize=13)
    axes.text(3.85, middle - 1.05, labels["step"], color=GREY, ha="center", va="center")
    _frame(axes, TOP - 0.19, TOP + 0.39)
    bottom = TOP - 3 * ROW - 0.24
    ends = [bottom, bottom - 0.12, bottom - 0.12, bottom]
    axes.plot([0.1, 0.1, 2.45, 2.45], ends, color=GREY, linewidth=1.4)
    axes.text(1.28, bottom - 0.4, labels["large"], color=GREY, ha="center", va="center", weight="bold")
    axes.text(2.62, TOP + 0.34, labels["small"], color=GREY, va="center", weight="bold", fontsize=9)
    return figure


def _frame(axes: Axes, bottom: float, top: float) -> None:
    """A dashed frame around the first part: all that a file of weights holds."""
    style = {"fill": False, "edgecolor": GREY, "linewidth": 1.2, "linestyle": "--"}
    axes.add_patch(Rectangle((0.02, bottom), 2.51, top - bottom, **style))
