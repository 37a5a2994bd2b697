"""What the drawn figures share: colours that read in light, dark and grey, and a canvas without axes."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE, GREY = "#2f7fc1", "#d9772b", "#3a9a5c", "#a45fb5", "#808080"


def canvas(
    width: float, height: float, xlim: tuple[float, float], ylim: tuple[float, float]
) -> tuple[Figure, Axes]:
    """A figure of ``width`` x ``height`` inches without axes; at most 4.3 wide for a phone."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axes.set(xlim=xlim, ylim=ylim)
    axes.axis("off")
    return figure, axes


def box(
    axes: Axes, x: float, y: float, width: float, height: float, text: str, color: str, **style: object
) -> None:
    """A rectangle with its lower left corner at ``(x, y)`` and a text in its middle, both in one colour."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=color, linewidth=1.4, **style))
    axes.text(x + width / 2, y + height / 2, text, color=color, ha="center", va="center")


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], color: str = GREY, **style: object
) -> None:
    """An arrow from ``start`` to ``end``."""
    axes.annotate(
        "", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 1.4, **style}
    )
