"""Whoever changes how outputs are captured decides whether the stored ones still hold."""

from __future__ import annotations

from pathlib import Path

from bookbuild.files import digest
from bookbuild.store.key import CAPTURE_RULES

ROOM = Path(__file__).parent.parent / "bookbuild" / "execution"
RULES = {1: "4df0247ea495c67e6dd195506c38c783c04bd480cfe0b16ea9f409e4d61486ac"}


def test_a_change_of_the_capture_raises_the_number_of_its_rules():
    """Raise CAPTURE_RULES if the change alters what is stored; in any case put the digest here."""
    files = sorted(ROOM / name for name in ("environment.py", "kernel.py", "normalise.py", "matplotlibrc"))
    assert digest("".join(digest(p.read_bytes()) for p in files)) == RULES[CAPTURE_RULES]
