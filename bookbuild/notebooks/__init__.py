"""Page and framework to a notebook: a pure function, the same bytes every time."""

from bookbuild.notebooks.make import notebook, notebook_text

__all__ = ["notebook", "notebook_text"]
