"""The bytes of one training step of the specimen: a constant floor, kept values up and down, gradients."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.kit import BLUE, GREEN, GREY, ORANGE, PURPLE, canvas

EXAMPLES, ITEM = 64, 4
# (numbers of the layer, numbers of its input): the linear layers of the specimen in their order
LAYERS = ((144, 8), *((544, 16), (528, 32)) * 3, (68, 16))
WEIGHTS = ITEM * sum(numbers for numbers, _ in LAYERS)
MOMENTS = 2 * WEIGHTS
PEAK = WEIGHTS + MOMENTS + ITEM * EXAMPLES * sum(inputs for _, inputs in LAYERS)
LAST = 2 * len(LAYERS) + 3


def draw(labels: dict[str, str]) -> Figure:
    """Stacked bands over the layers of the forward pass, those of the backward pass, and the update."""
    kept, held = _course()
    floor = WEIGHTS + MOMENTS
    figure, axes = canvas(4.3, 3.5, (-1.4, LAST + 0.3), (-15500, 1.12 * PEAK))
    times = range(len(kept))
    _band(axes, times, [0] * len(kept), [WEIGHTS] * len(kept), BLUE)
    _band(axes, times, [WEIGHTS] * len(kept), [floor] * len(kept), PURPLE)
    _band(axes, times, [floor] * len(kept), [floor + g for g in held], GREEN)
    top = [floor + g + k for g, k in zip(held, kept, strict=True)]
    _band(axes, times, [floor + g for g in held], top, ORANGE)
    sep = labels["thousands"]
    for key, size, y, color in (
        ("weights", WEIGHTS, WEIGHTS / 2, BLUE),
        ("moments", MOMENTS, WEIGHTS + MOMENTS / 2, PURPLE),
    ):
        axes.text(0.5, y, labels[key], color=color, va="center", fontsize=9)
        axes.text(LAST - 0.5, y, _grouped(size, sep), color=color, ha="right", va="center", fontsize=9)
    axes.text(0.5, PEAK * 0.84, labels["kept"], color=ORANGE, va="center", fontsize=9)
    axes.text(LAST + 0.1, floor + 1.75 * WEIGHTS, labels["gradients"], color=GREEN, ha="right", fontsize=9)
    axes.text(len(LAYERS) + 0.5, 1.06 * PEAK, _grouped(PEAK, sep), color=ORANGE, ha="center", va="center")
    _phases(axes, labels)
    return figure


def _course() -> tuple[list[int], list[int]]:
    """Bytes kept and bytes of gradients before the step, after each layer in each pass, after the update."""
    kept, held = [0], [0]
    for _, inputs in LAYERS:
        kept.append(kept[-1] + ITEM * EXAMPLES * inputs)
        held.append(0)
    kept.append(kept[-1])
    held.append(0)
    for numbers, inputs in reversed(LAYERS):
        kept.append(kept[-1] - ITEM * EXAMPLES * inputs)
        held.append(held[-1] + ITEM * numbers)
    return [*kept, 0, 0], [*held, held[-1], 0]


def _band(axes: Axes, times: range, low: list[int], high: list[int], color: str) -> None:
    axes.fill_between(times, low, high, step="post", color=color, alpha=0.18, linewidth=0)
    axes.step(times, high, where="post", color=color, linewidth=1.4)


def _phases(axes: Axes, labels: dict[str, str]) -> None:
    """The names of the three phases below the axis, with strokes where one ends and the next begins."""
    half = len(LAYERS) + 1
    axes.plot([0, LAST], [0, 0], color=GREY, linewidth=1)
    bounds = (0, half, LAST - 1, LAST)
    for left, right, key in zip(bounds, bounds[1:], ("forward", "backward", "update"), strict=False):
        axes.plot([left, left], [0, -3500], color=GREY, linewidth=1)
        last = key == "update"
        x, align = (LAST + 0.2, "right") if last else ((left + right) / 2, "center")
        y = -12500 if last else -6500
        axes.text(x, y, labels[key], color=GREY, ha=align, va="center", fontsize=9)


def _grouped(number: int, separator: str) -> str:
    return f"{number:,}".replace(",", separator)
