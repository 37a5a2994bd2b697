"""Four operations issued without waiting and with a value read after each: what host and device do when."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures.kit import BLUE, GREY, ORANGE, arrow, canvas

ISSUE, WORK, READ, START, HEIGHT, LETTER = 0.22, 0.9, 0.3, 0.95, 0.42, 0.141


def draw(labels: dict[str, str]) -> Figure:
    """Two pairs of lanes above one another, over a common axis of time."""
    longest = max(len(labels["host"]), len(labels["device"]))
    figure, axes = canvas(4.3, 3.9, (min(0, START - 0.1 - LETTER * longest), 7.35), (-0.75, 5.75))
    _lanes(axes, labels, 3.1, labels["once"])
    end = _once(axes, labels, 3.1)
    _lanes(axes, labels, 0.2, labels["each"])
    last = _each(axes, labels, 0.2)
    for x, low, high in ((end, 3.0, 4.65), (last, 0.1, 1.75)):
        axes.plot([x, x], [low, high], color=GREY, linewidth=1, linestyle=":")
    arrow(axes, (START, -0.25), (7.25, -0.25))
    axes.text(7.25, -0.55, labels["time"], ha="right", va="center", color=GREY, fontsize=9)
    return figure


def _lanes(axes: Axes, labels: dict[str, str], bottom: float, title: str) -> None:
    axes.text(START, bottom + 2.35, title, va="center", color=GREY, style="italic")
    axes.text(START - 0.1, bottom + 1.0 + HEIGHT / 2, labels["host"], ha="right", va="center", color=BLUE)
    axes.text(START - 0.1, bottom + HEIGHT / 2, labels["device"], ha="right", va="center", color=ORANGE)


def _once(axes: Axes, labels: dict[str, str], bottom: float) -> float:
    for i in range(4):
        _issue(axes, START + i * ISSUE, bottom + 1.0, i)
        _work(axes, START + ISSUE + i * WORK, bottom, i)
    issued, end = START + 4 * ISSUE, START + ISSUE + 4 * WORK
    _wait(axes, issued, end, bottom + 1.0, labels["wait"])
    y = bottom + 1.0 + HEIGHT + 0.34
    style = {"arrowstyle": "|-|,widthA=0.25,widthB=0.25", "color": GREY}
    axes.annotate("", (issued, y), (START, y), arrowprops=style)
    axes.text(issued + 0.1, y + 0.02, labels["clock"], va="center", color=GREY, fontsize=9)
    return end


def _each(axes: Axes, labels: dict[str, str], bottom: float) -> float:
    x = START
    for i in range(4):
        _issue(axes, x, bottom + 1.0, i)
        _work(axes, x + ISSUE, bottom, i)
        _wait(axes, x + ISSUE, x + ISSUE + WORK + READ, bottom + 1.0, labels["wait"] if i == 0 else "")
        x += ISSUE + WORK + READ
    return x


def _issue(axes: Axes, x: float, y: float, i: int) -> None:
    axes.add_patch(Rectangle((x, y), ISSUE * 0.88, HEIGHT, fill=False, edgecolor=BLUE, linewidth=1.4))
    axes.text(x + ISSUE * 0.44, y + HEIGHT / 2, str(i + 1), ha="center", va="center", color=BLUE, fontsize=8)


def _work(axes: Axes, x: float, y: float, i: int) -> None:
    axes.add_patch(Rectangle((x, y), WORK * 0.96, HEIGHT, fill=False, edgecolor=ORANGE, linewidth=1.4))
    axes.text(x + WORK * 0.48, y + HEIGHT / 2, str(i + 1), ha="center", va="center", color=ORANGE)


def _wait(axes: Axes, start: float, end: float, y: float, text: str) -> None:
    middle = y + HEIGHT / 2
    axes.plot([start, end], [middle, middle], color=BLUE, linewidth=1, linestyle=":")
    if text:
        axes.text((start + end) / 2, middle + 0.16, text, ha="center", va="bottom", color=BLUE, fontsize=8)
