"""Whoever changes how outputs are captured decides whether the stored ones still hold."""

from __future__ import annotations

from pathlib import Path

from bookbuild.files import digest
from bookbuild.store.key import CAPTURE_RULES

ROOM = Path(__file__).parent.parent / "bookbuild" / "execution"
RULES = {1: "2561f56f10b59d89a4e4108405074bd15bb12e64055c9da4fe6b596491880203"}


def test_a_change_of_the_capture_raises_the_number_of_its_rules():
    """Raise CAPTURE_RULES if the change alters what is stored; in any case put the digest here."""
    files = sorted(
        ROOM / name for name in ("environment.py", "kernel.py", "limits.py", "normalise.py", "matplotlibrc")
    )
    assert digest("".join(digest(p.read_bytes()) for p in files)) == RULES[CAPTURE_RULES]
