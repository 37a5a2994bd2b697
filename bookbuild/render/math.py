"""Mathematics in the browser without a network: MathJax is published with the site."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

PACKAGE = "sphinx-mathjax-offline"
"""carries MathJax's files; its own extension would copy all 24 MB of them into every language"""
SCRIPT = "tex-chtml.js"
FONTS = "output/chtml/fonts/woff-v2"


def use_own_mathjax(app: Sphinx, config: Config) -> None:
    config.mathjax_path = f"mathjax/{SCRIPT}"
    # the menu would load parts that are not published
    config.mathjax3_config = {"options": {"enableMenu": False}}


def publish_mathjax(app: Sphinx) -> None:
    """Copy the script and its fonts into the site's static folder."""
    spec = find_spec(PACKAGE)
    if app.builder.format != "html" or spec is None or spec.origin is None:
        return
    source = Path(spec.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    if not (target / FONTS).is_dir():
        shutil.copytree(source / FONTS, target / FONTS, dirs_exist_ok=True)
        shutil.copy2(source / SCRIPT, target / SCRIPT)


def setup_math(app: Sphinx) -> None:
    app.connect("config-inited", use_own_mathjax, priority=900)
    app.connect("builder-inited", publish_mathjax)
