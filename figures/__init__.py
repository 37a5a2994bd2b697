"""Drawn figures of the book: deterministic code, labels from catalogues, one file per language and format."""
