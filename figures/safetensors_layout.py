"""The bytes of a safetensors file from top to bottom, an entry of the header pointing into the data."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures.kit import BLUE, GREEN, GREY, ORANGE, arrow, canvas

LEFT, RIGHT = 0.95, 5.55

# (name of the array, its height, its text)
ARRAYS = (
    ("blocks/0/down/bias", 0.42),
    ("...", 0.42),
    ("blocks/1/up/weight", 0.85),
    ("...", 0.42),
    ("stem/weight", 0.5),
)
ENTRY = (
    '{ "__metadata__": {"config": "..."},',
    '  "blocks/1/up/weight": {',
    '     "dtype": "F32", "shape": [16, 32],',
    '     "data_offsets": [6528, 8576] },',
    "  ... }",
)


def draw(labels: dict[str, str]) -> Figure:
    """Length, header and data as three boxes; offsets on the left, the two arrows on the right."""
    figure, axes = canvas(4.3, 4.9, (0, 6.1), (-7.15, 0.45))
    _box(axes, 0, -0.62, BLUE, labels["length"], "bold")
    _offset(axes, 0, "0")
    _box(axes, -0.62, -3.15, ORANGE)
    _offset(axes, -0.62, "8")
    axes.text(LEFT + 0.14, -0.86, labels["header"], color=ORANGE, va="center", weight="bold")
    for i, line in enumerate(ENTRY):
        text = line.lstrip()
        x = LEFT + 0.14 + 0.08 * (len(line) - len(text))  # an SVG swallows blanks at the beginning
        axes.text(x, -1.26 - 0.4 * i, text, color=ORANGE, va="center", fontsize=9, family="monospace")
    _offset(axes, -3.15, "8 + n")
    axes.text(LEFT + 0.14, -3.42, labels["data"], color=GREEN, va="center", weight="bold")
    top = -3.72
    for name, height in ARRAYS:
        chosen = name == "blocks/1/up/weight"
        _row(axes, top, top - height, name, chosen)
        if chosen:
            _pointer(axes, labels["begin"], -2.53, 0.2, top, "top")
            _pointer(axes, labels["end"], -2.39, 0.38, top - height, "bottom")
        top -= height
    _box(axes, -3.15, top, GREEN)
    _offset(axes, top, "8 + n\n+ 13712")
    return figure


def _box(axes: Axes, top: float, bottom: float, color: str, text: str = "", weight: str = "normal") -> None:
    axes.add_patch(
        Rectangle((LEFT, bottom), RIGHT - LEFT, top - bottom, fill=False, edgecolor=color, linewidth=1.4)
    )
    axes.text(LEFT + 0.14, (top + bottom) / 2, text, color=color, va="center", weight=weight)


def _row(axes: Axes, top: float, bottom: float, name: str, chosen: bool) -> None:
    """The bytes of one array, between two lines where an entry points to them."""
    axes.text(
        LEFT + 0.14,
        (top + bottom) / 2,
        name,
        color=GREEN,
        va="center",
        weight="bold" if chosen else "normal",
    )
    if chosen:
        for y in (top, bottom):
            axes.plot([LEFT, RIGHT], [y, y], color=GREEN, linewidth=1.2)


def _offset(axes: Axes, y: float, text: str) -> None:
    axes.text(LEFT - 0.1, y, text, color=GREY, ha="right", va="center", fontsize=9)


def _pointer(axes: Axes, text: str, start: float, out: float, end: float, side: str) -> None:
    """From the entry's line out to the right and down to a border of the array's bytes, with its offset."""
    x = RIGHT + out
    axes.plot([RIGHT - 0.6, x, x], [start, start, end], color=GREY, linewidth=1.2)
    arrow(axes, (x, end), (RIGHT, end))
    y = end - 0.05 if side == "top" else end + 0.05
    axes.text(RIGHT - 0.1, y, text, color=GREY, ha="right", va=side, fontsize=8)
