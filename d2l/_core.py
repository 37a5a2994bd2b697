"""What the four modules share: figures, data, timing and checks of answers, free of any framework."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Timer", "check", "data", "plot", "use_svg_display"]

_COLORS = ("#2f7fc1", "#d9772b", "#3a9a5c", "#a45fb5")
_INK = "#808080"
_STYLE = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.labelcolor": _INK,
    "legend.frameon": False,
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "d2l",
}


def use_svg_display() -> None:
    """Show figures of this notebook as SVG that is the same in every run and has its text as text."""
    import matplotlib
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    matplotlib.rcParams.update(_STYLE)
    set_matplotlib_formats("svg", metadata={"Date": None})


def plot(
    x: Sequence[float],
    curves: Sequence[Sequence[float]],
    legend: Sequence[str] = (),
    *,
    xlabel: str = "",
    ylabel: str = "",
    scale: str = "linear",
    formats: Sequence[str] = ("-", "--", ":", "-."),
) -> None:
    """Draw curves over common abscissas, told apart by their format as well as by their colour.

    Args:
        x: abscissas, ``(points,)``.
        curves: ordinates, ``(curves, points)``; at most as many curves as ``formats``.
        legend: a name per curve, or nothing.
        xlabel, ylabel: what the axes show, with its unit.
        scale: ``"linear"`` or ``"log"``, for both axes.
        formats: matplotlib's format string of each curve.

    Raises:
        ValueError: there are more curves than formats, or a curve's length is not that of ``x``.
    """
    if len(curves) > len(formats):
        raise ValueError(f"{len(curves)} curves but {len(formats)} formats")
    for number, curve in enumerate(curves):
        if len(curve) != len(x):
            raise ValueError(f"curve {number} has {len(curve)} points, x has {len(x)}")
    use_svg_display()
    from matplotlib import pyplot

    _, axes = pyplot.subplots(figsize=(4.2, 2.8))
    for number, (curve, style) in enumerate(zip(curves, formats, strict=False)):
        axes.plot(x, curve, style, color=_COLORS[number % len(_COLORS)])
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=scale, yscale=scale)
    if legend:
        axes.legend(axes.get_lines(), legend)
    pyplot.show()


def data(name: str) -> Path:
    """Return the path of a small data file that travels with the book, its content verified.

    Args:
        name: the file's name as ``SHA256SUMS`` of the data folder lists it.

    Raises:
        FileNotFoundError: no such data; the message lists what there is.
        ValueError: the file's SHA-256 is not the listed one.
    """
    folder = _data_folder()
    digests = dict(_digest_line(line) for line in (folder / "SHA256SUMS").read_text().splitlines() if line)
    if name not in digests:
        known = ", ".join(sorted(digests)) or "none"
        raise FileNotFoundError(f"no data called {name!r}; known: {known}")
    path = folder / name
    if hashlib.sha256(path.read_bytes()).hexdigest() != digests[name]:
        raise ValueError(f"{name} is damaged: its SHA-256 is not the one in SHA256SUMS")
    return path


def _data_folder() -> Path:
    """The data folder: inside the installed package, or beside it in a clone."""
    here = Path(__file__).resolve().parent
    inside = here / "data"
    return inside if inside.is_dir() else here.parent / "data"


def _digest_line(line: str) -> tuple[str, str]:
    """One line of ``sha256sum`` as (name, digest)."""
    digest, name = line.split(maxsplit=1)
    return name.lstrip("*"), digest


def check(answer: Any, digest: str, hint: str = "") -> None:
    """Say whether an answer to an exercise is right, without holding the answer.

    Args:
        answer: a number, a string, or a list, tuple or dictionary of them. Floats count to four significant
            digits, so that two correct computations agree.
        digest: the first eight characters of the SHA-256 of the right answer, as the exercise gives it.
        hint: where to look when the answer is not the right one.

    Raises:
        TypeError: the answer holds something else than numbers, strings and containers of them.
    """
    right = _answer_digest(answer) == digest
    print("right" if right else f"not yet{': ' if hint else ''}{hint}")


def _answer_digest(answer: Any) -> str:
    return hashlib.sha256(json.dumps(_plain(answer)).encode()).hexdigest()[:8]


def _plain(answer: Any) -> Any:
    """The answer as JSON knows it: whole floats as integers, others to four digits, keys sorted."""
    if isinstance(answer, dict):
        return {str(key): _plain(answer[key]) for key in sorted(answer, key=str)}
    if isinstance(answer, (list, tuple)):
        return [_plain(item) for item in answer]
    if isinstance(answer, str):
        return answer.strip()
    if isinstance(answer, bool):
        return answer
    try:
        number = float(answer)
    except (TypeError, ValueError) as error:
        raise TypeError(f"an answer is a number, a string or a container of them, not {answer!r}") from error
    return int(number) if number.is_integer() else float(f"{number:.4g}")


class Timer:
    """Measure wall-clock seconds of a block: ``with Timer() as timer: ...``, then ``timer.seconds``.

    Used more than once, it keeps every lap in ``laps`` (seconds); ``seconds`` is the last of them.
    A framework that computes asynchronously must be made to finish inside the block.
    """

    def __init__(self) -> None:
        self.laps: list[float] = []
        self._start = 0.0

    def __enter__(self) -> Timer:
        self._start = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.laps.append(time.perf_counter() - self._start)

    @property
    def seconds(self) -> float:
        """The last lap; ``IndexError`` before the first."""
        return self.laps[-1]
