"""Write every drawn figure in every language: ``.venv/build/bin/python -m figures.draw``.

A figure is a catalogue ``NAME.yml`` with its labels by language (English first), and a module of that name,
with ``_`` for ``-``, that has ``draw(labels) -> Figure``.  SVG (text kept as text) serves the web and
notebooks, PDF serves print; both are the same in every run.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import matplotlib
import yaml
from matplotlib.figure import Figure

HERE = Path(__file__).resolve().parent
NAMES = tuple(sorted(path.stem for path in HERE.glob("*.yml")))
STYLE = {
    "font.family": ["DejaVu Sans", "Noto Sans CJK SC"],  # looked up glyph by glyph
    "font.size": 10,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "d2l",
    "pdf.fonttype": 3,
}
NO_DATES = {
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def drawing(name: str) -> Callable[[dict[str, str]], Figure]:
    """The function that draws a figure, from the module of its name."""
    return importlib.import_module(f"figures.{name.replace('-', '_')}").draw


def catalogue(name: str) -> dict[str, dict[str, str]]:
    """The labels of a figure by language; ValueError when two languages name different labels."""
    labels = yaml.safe_load((HERE / f"{name}.yml").read_text(encoding="utf-8"))
    for language, entries in labels.items():
        if entries.keys() != labels["en"].keys():
            raise ValueError(f"figures/{name}.yml: {language} and en name different labels")
    return labels


def write(name: str, folder: Path = HERE) -> list[Path]:
    """Draw one figure in every language of its catalogue into ``folder/<language>/``."""
    written = []
    with matplotlib.rc_context(STYLE):
        draw = drawing(name)
        for language, labels in catalogue(name).items():
            target = folder / language / name
            target.parent.mkdir(parents=True, exist_ok=True)
            figure = draw(labels)
            for path in (target.with_suffix(".svg"), target.with_suffix(".pdf")):
                figure.savefig(path, metadata=NO_DATES[path.suffix])
                written.append(path)
            _add_generic_family(target.with_suffix(".svg"))
    return written


def _add_generic_family(path: Path) -> None:
    """Let a browser without our fonts take its own sans-serif one, which matplotlib cannot name."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("'Noto Sans CJK SC'", "'Noto Sans CJK SC', sans-serif"), encoding="utf-8")


if __name__ == "__main__":
    for figure_name in NAMES:
        for path in write(figure_name):
            print(path.relative_to(HERE.parent))
