"""Render: pages and stored outputs to HTML; also the Sphinx extension that does it (``bookbuild.render``).

``sphinx_app`` opens a Sphinx application for one language and any builder, ``build_html`` makes the site of
one language, ``build_landing`` the page above the languages.  Sphinx is imported only when one is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PLACES = {"sphinx_app": "app", "build_html": "app", "build_landing": "front"}

__all__ = ["build_html", "build_landing", "setup", "sphinx_app"]


def setup(app: Sphinx) -> dict[str, Any]:
    from bookbuild.render.extension import setup

    return setup(app)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"bookbuild.render.{_PLACES[name]}"), name)
