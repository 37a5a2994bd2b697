"""Host and GPU: calls go into a queue, tensors travel on a narrow road, arithmetic is fed by a wide one."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.kit import BLUE, GREY, ORANGE, arrow, box, canvas

LEFT, RIGHT, WIDTH, HEIGHT = 0.25, 3.55, 1.65, 0.7
ROWS = (3.0, 1.75, 0.5)


def draw(labels: dict[str, str]) -> Figure:
    """Two columns of boxes with the roads between them, wide where the arrow is thick."""
    figure, axes = canvas(4.3, 3.6, (0, 5.45), (-0.1, 4.55))
    _column(axes, LEFT, labels["host"], [labels[k] for k in ("python", "processor", "main")], BLUE)
    _column(axes, RIGHT, labels["gpu"], [labels[k] for k in ("queue", "arithmetic", "own")], ORANGE)
    for x in (LEFT, RIGHT):
        _road(axes, x + 0.78 * WIDTH, ROWS[2] + HEIGHT, ROWS[1], 8 if x == RIGHT else 3)
    middle = (ROWS[2] + HEIGHT + ROWS[1]) / 2
    axes.text(RIGHT + 0.66 * WIDTH, middle, labels["wide"], ha="right", va="center", color=GREY, fontsize=9)
    arrow(axes, (RIGHT + WIDTH / 2, ROWS[0]), (RIGHT + WIDTH / 2, ROWS[1] + HEIGHT))
    y = ROWS[0] + HEIGHT / 2
    arrow(axes, (LEFT + WIDTH, y), (RIGHT, y), linestyle="--")
    _above(axes, y, labels["calls"])
    y = ROWS[2] + HEIGHT / 2
    arrow(axes, (LEFT + WIDTH, y), (RIGHT, y), arrowstyle="<|-|>")
    _above(axes, y, labels["copies"])
    axes.text(2.72, y - 0.22, labels["narrow"], ha="center", va="center", color=GREY, fontsize=9)
    return figure


def _column(axes: Axes, x: float, title: str, names: list[str], color: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (x - 0.12, ROWS[2] - 0.3),
            WIDTH + 0.24,
            ROWS[0] + HEIGHT - ROWS[2] + 0.5,
            boxstyle="round,pad=0,rounding_size=0.12",
            fill=False,
            edgecolor=GREY,
            linestyle=":",
        )
    )
    axes.text(x + WIDTH / 2, ROWS[0] + HEIGHT + 0.48, title, ha="center", color=color, weight="bold")
    for y, name in zip(ROWS, names, strict=True):
        box(axes, x, y, WIDTH, HEIGHT, name, color)


def _road(axes: Axes, x: float, bottom: float, top: float, width: float) -> None:
    axes.plot([x, x], [bottom + 0.06, top - 0.06], color=GREY, linewidth=width, solid_capstyle="butt")


def _above(axes: Axes, y: float, text: str) -> None:
    axes.text(2.72, y + 0.2, text, ha="center", va="center", color=GREY, fontsize=9)
