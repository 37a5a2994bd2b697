"""One step of a specimen with a single block: when its modules run, and when their hooks are called."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.kit import BLUE, GREY, ORANGE, arrow, box, canvas

HEIGHT, ROW = 0.62, 0.86

# (name, start, end, row, how many hooks were called by its end)
FORWARD = (
    ("stem", 0.2, 2.0, 0, 1),
    ("up", 2.7, 4.5, 1, 2),
    ("down", 4.9, 6.7, 1, 3),
    ("block", 2.4, 7.2, 0, 4),
    ("head", 7.6, 9.4, 0, 5),
)
BACKWARD = (
    ("head", 0.2, 2.0, 0, 1),
    ("down", 2.7, 4.5, 1, 2),
    ("up", 4.9, 6.7, 1, 3),
    ("block", 2.4, 7.2, 0, 4),
    ("stem", 7.6, 9.4, 0, 5),
)


def draw(labels: dict[str, str]) -> Figure:
    """Two timelines from left to right, each with a mark where a module's hook is called."""
    figure, axes = canvas(4.3, 3.4, (0, 10), (-7.4, 0.4))
    _timeline(axes, labels, labels["forward"], FORWARD, 0.0, BLUE, "o")
    _timeline(axes, labels, labels["backward"], BACKWARD, -3.1, ORANGE, "D")
    for y, text, color, marker in (
        (-6.15, labels["forward_hook"], BLUE, "o"),
        (-6.95, labels["backward_hook"], ORANGE, "D"),
    ):
        axes.plot([0.5], [y], marker, color=color, markersize=9)
        axes.text(1.0, y, text, color=color, va="center", fontsize=9)
    return figure


def _timeline(
    axes: Axes,
    labels: dict[str, str],
    title: str,
    bars: tuple[tuple[str, float, float, int, int], ...],
    top: float,
    color: str,
    marker: str,
) -> None:
    axes.text(0.2, top, title, color=GREY, style="italic", va="center")
    arrow(axes, (4.3, top), (9.6, top))
    for name, start, end, row, number in bars:
        y = top - (row + 1) * ROW - 0.3
        box(axes, start, y, end - start, HEIGHT, labels.get(name, name), color)
        axes.plot([end], [y + HEIGHT / 2], marker, color=color, markersize=13 if marker == "o" else 11)
        axes.text(
            end, y + HEIGHT / 2, str(number), color="white", ha="center", va="center_baseline",
            fontsize=8, weight="bold",
        )  # fmt: skip
