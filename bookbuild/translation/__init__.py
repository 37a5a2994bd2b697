"""Translations: which block of a page was made from which English text, and whether that still holds."""
