"""The specimen network as a tree of modules, with the number of parameters at every node."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.kit import BLUE, GREY, ORANGE, canvas

INDENT, COUNT_AT, ROW = 0.55, 5.9, 0.62

# (depth, name, parameters, inside the list of blocks)
ROWS = (
    (0, "network", 3428, False),
    (1, "stem", 144, False),
    (1, "blocks", 3216, True),
    (2, "0", 1072, True),
    (3, "up", 544, True),
    (3, "down", 528, True),
    (2, "1", 1072, True),
    (2, "2", 1072, True),
    (1, "head", 68, False),
)


def draw(labels: dict[str, str]) -> Figure:
    """The tree from top to bottom as a directory listing is drawn, the branch of a plain list cut off."""
    figure, axes = canvas(4.3, 4.5, (0, 6.1), (-(len(ROWS) + 1.55) * ROW, 0.9 * ROW))
    heights = [-(i + (i > 1)) * ROW for i in range(len(ROWS))]
    axes.text(COUNT_AT, 0.55 * ROW, labels["counted"], ha="right", color=GREY, style="italic")
    for (depth, name, size, listed), y in zip(ROWS, heights, strict=True):
        _node(axes, depth, labels.get(name, name), _grouped(size, labels["thousands"]), listed, y)
    for child, (depth, *_, listed) in enumerate(ROWS[1:], start=1):
        parent = max(i for i in range(child) if ROWS[i][0] == depth - 1)
        _edge(axes, depth, heights[parent], heights[child], listed)
    _cut(axes, labels["lost"], heights[2])
    axes.text(0.1, heights[-1] - 1.15 * ROW, labels["found"], color=BLUE, va="center", fontsize=9)
    return figure


def _node(axes: Axes, depth: int, name: str, size: str, listed: bool, y: float) -> None:
    color = ORANGE if listed else BLUE
    x = 0.2 + depth * INDENT
    axes.plot([x], [y], "s" if listed else "o", color=color, markersize=8)
    axes.text(x + 0.22, y, name, color=color, va="center", weight="bold" if depth < 2 else "normal")
    axes.text(COUNT_AT, y, size, color=color, va="center", ha="right")


def _edge(axes: Axes, depth: int, top: float, bottom: float, listed: bool) -> None:
    left = 0.2 + (depth - 1) * INDENT
    axes.plot(
        [left, left, left + INDENT - 0.14],
        [top - 0.12, bottom, bottom],
        color=GREY,
        linewidth=1,
        linestyle="--" if listed else "-",
        zorder=0,
    )


def _cut(axes: Axes, text: str, y: float) -> None:
    """A stroke across the edge that leads to the list of blocks, with its sentence above the branch."""
    x = 0.2 + 0.45 * INDENT
    axes.plot([x - 0.1, x + 0.1], [y - 0.22, y + 0.22], color=ORANGE, linewidth=2.2)
    axes.text(0.2 + 0.45 * INDENT, y + 0.95 * ROW, text, color=ORANGE, va="center", fontsize=9)


def _grouped(number: int, separator: str) -> str:
    return f"{number:,}".replace(",", separator)
