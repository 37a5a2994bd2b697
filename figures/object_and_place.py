"""Three paths that lead to two parameters: a file knows the paths, an optimizer holds the objects."""

from __future__ import annotations

from matplotlib.figure import Figure

from figures.kit import BLUE, GREY, ORANGE, arrow, box, canvas

# (path, height of the path, height of its object, tied)
PLACES = (
    ("blocks/0/up/weight", 3.0, 2.5, True),
    ("blocks/1/up/weight", 1.5, 0.5, False),
    ("blocks/2/up/weight", 0.0, 2.5, True),
)
LEFT, RIGHT, WIDE, HIGH = 2.05, 3.45, 1.75, 0.85


def draw(labels: dict[str, str]) -> Figure:
    """Paths on the left, objects on the right, an arrow from each path to its object."""
    figure, axes = canvas(4.3, 3.1, (0, 6.1), (-0.55, 4.35))
    axes.text(0.05, 4.1, labels["places"], color=GREY, weight="bold", va="center")
    axes.text(0.05, 3.72, labels["file"], color=GREY, fontsize=9, style="italic", va="center")
    axes.text(RIGHT, 4.1, labels["objects"], color=GREY, weight="bold", va="center")
    axes.text(RIGHT, 3.72, labels["optimizer"], color=GREY, fontsize=9, style="italic", va="center")
    for path, y, target, tied in PLACES:
        color = ORANGE if tied else BLUE
        axes.text(0.05, y, path, color=color, va="center", family="monospace", fontsize=9)
        arrow(axes, (LEFT, y), (RIGHT - 0.06, target), color, linestyle="-" if tied else "--")
    box(axes, RIGHT, 2.5 - HIGH / 2, WIDE, HIGH, labels["numbers"], ORANGE)
    box(axes, RIGHT, 0.5 - HIGH / 2, WIDE, HIGH, labels["numbers"], BLUE, linestyle="--")
    axes.text(RIGHT + WIDE / 2, 1.78, "$g = g_0 + g_2$", color=ORANGE, ha="center", va="center")
    return figure
