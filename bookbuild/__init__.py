"""Build the book: pages, notebooks, execution, store, render.  Run it as ``python -m bookbuild``."""
