"""Build the book: pages, notebooks, execution, store, render, translation.  Run it as ``python -m bookbuild``."""
