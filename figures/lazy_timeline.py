"""What exists when in a network whose sizes come from data: shapes, numbers and the optimizer's state."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures.kit import BLUE, GREEN, GREY, ORANGE, canvas

# Where the four moments stand, and where time ends.
CONSTRUCTOR, OPTIMIZER, BATCH, STEP, END = 1.4, 2.5, 3.85, 4.85, 6.1
THICK, ROW = 0.24, 1.12

# For each framework, the moments at which shapes, numbers and state begin.
ROWS = (
    ("pytorch", BATCH, BATCH, STEP),
    ("tensorflow", BATCH, BATCH, STEP),
    ("mxnet", BATCH, BATCH, STEP),
    ("jax", CONSTRUCTOR, CONSTRUCTOR, OPTIMIZER),
)
BARS = (("shapes", BLUE, None), ("numbers", ORANGE, "////"), ("state", GREEN, "...."))


def draw(labels: dict[str, str]) -> Figure:
    """Four timelines, one below the other, with dashed lines at the moments."""
    figure, axes = canvas(4.3, 4.4, (0, 6.15), (-len(ROWS) * ROW - 0.75, 0.85))
    moments = (("constructor", CONSTRUCTOR), ("optimizer", OPTIMIZER), ("batch", BATCH), ("step", STEP))
    for number, (key, x) in enumerate(moments):
        top = 0.48 if number % 2 else 0.12  # neighbours at two heights: a long word has room
        axes.text(x, top, labels[key], color=GREY, va="bottom", fontsize=8.5)
        axes.plot([x, x], [top - 0.07, -len(ROWS) * ROW + 0.05], "--", color=GREY, linewidth=0.8, zorder=0)
    for row, (framework, *starts) in enumerate(ROWS):
        top = -row * ROW - 0.1
        axes.text(0, top - 1.5 * THICK, labels[framework], color=GREY, va="center", fontsize=9)
        for line, (start, (_, color, hatch)) in enumerate(zip(starts, BARS, strict=True)):
            _bar(axes, start, END, top - (line + 1) * THICK - line * 0.04, color, hatch)
        if framework == "mxnet":
            _bar(axes, CONSTRUCTOR, BATCH, top - THICK, BLUE, None, linestyle=":")
            middle = (OPTIMIZER + BATCH) / 2
            center = {"ha": "center", "va": "center_baseline"}
            axes.text(middle, top - THICK / 2, labels["partial"], color=BLUE, fontsize=8, **center)
    _legend(axes, labels, -len(ROWS) * ROW - 0.5)
    return figure


def _bar(
    axes: Axes, start: float, end: float, y: float, color: str, hatch: str | None, linestyle: str = "-"
) -> None:
    filled = hatch is None and linestyle == "-"
    style = {"edgecolor": color, "facecolor": color if filled else "none", "hatch": hatch, "linewidth": 1}
    axes.add_patch(Rectangle((start, y), end - start, THICK, linestyle=linestyle, **style))


def _legend(axes: Axes, labels: dict[str, str], y: float) -> None:
    for (key, color, hatch), x in zip(BARS, (0.0, 1.65, 3.45), strict=True):
        _bar(axes, x, x + 0.5, y, color, hatch)
        axes.text(x + 0.6, y + THICK / 2, labels[key], color=color, fontsize=9, va="center")
