"""Floating-point formats side by side: one box per bit, with what the bits buy."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures.kit import BLUE, GREY, ORANGE, canvas

# (name, exponent bits, fraction bits, largest number; whole ones get the language's separator of thousands)
FORMATS = (
    ("float32", 8, 23, "3.4e38"),
    ("TF32", 8, 10, "3.4e38"),
    ("bfloat16", 8, 7, "3.4e38"),
    ("float16", 5, 10, "65504"),
    ("float8 E5M2", 5, 2, "57344"),
    ("float8 E4M3", 4, 3, "448"),
)
ROW, BOX = 1.0, 0.34
LARGEST_AT, SPACING_AT = 22.5, 32
FILL = {"s": (GREY, 0.35, ""), "e": (ORANGE, 0.30, "////"), "f": (BLUE, 0.12, "")}


def draw(labels: dict[str, str]) -> Figure:
    """Six rows of boxes, their bits aligned at the sign; a key above them."""
    figure, axes = canvas(4.3, 4.9, (-0.3, 32.3), (-len(FORMATS) * ROW - 0.05, 1.3))
    _key(axes, labels)
    for x, label in ((LARGEST_AT, "largest"), (SPACING_AT, "spacing")):
        axes.text(x, 0.3, labels[label], color=GREY, style="italic", va="center", ha="right", fontsize=9)
    for i, (name, exponent, fraction, largest) in enumerate(FORMATS):
        top = -i * ROW
        axes.text(0, top - 0.28, name, weight="bold", color=GREY, va="center")
        if largest.isdigit():
            largest = f"{int(largest):,}".replace(",", labels["thousands"])
        axes.text(LARGEST_AT, top - 0.28, largest, color=GREY, va="center", ha="right", fontsize=9)
        axes.text(
            SPACING_AT, top - 0.28, f"$2^{{-{fraction}}}$", color=GREY, va="center", ha="right", fontsize=9
        )
        _bits(axes, 0, top - 0.5 - BOX, 1, "s")
        for count, kind, start in ((exponent, "e", 1), (fraction, "f", 1 + exponent)):
            _bits(axes, start, top - 0.5 - BOX, count, kind)
            _count(axes, start + count / 2, top - 0.5 - BOX / 2, count, kind)
    return figure


def _bits(axes: Axes, x: float, y: float, count: int, kind: str) -> None:
    """``count`` boxes of one kind: the exponent hatched, the sign darker, the fraction light."""
    color, alpha, hatch = FILL[kind]
    axes.add_patch(Rectangle((x, y), count, BOX, facecolor=color, alpha=alpha, hatch=hatch, linewidth=0))
    axes.add_patch(Rectangle((x, y), count, BOX, fill=False, edgecolor=color, linewidth=1.2))
    axes.vlines(range(int(x) + 1, int(x) + count), y, y + BOX, color=color, linewidth=0.7)


def _count(axes: Axes, x: float, y: float, count: int, kind: str) -> None:
    patch = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    ink = {"e": ORANGE, "f": BLUE}[kind]
    axes.text(x, y, str(count), color=ink, weight="bold", fontsize=9, ha="center", va="center", bbox=patch)


def _key(axes: Axes, labels: dict[str, str]) -> None:
    for kind, name, x in (("s", "sign", 0), ("e", "exponent", 5), ("f", "fraction", 18)):
        _bits(axes, x, 0.85, 1, kind)
        axes.text(x + 1.5, 0.85 + BOX / 2, labels[name], color=FILL[kind][0], va="center", fontsize=9)
