"""What the site itself says, in each language (``strings.yml``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

CATALOGUE = Path(__file__).with_name("strings.yml")
SOURCE = "en"


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))


def strings(language: str) -> dict[str, Any]:
    """The catalogue of one language.  What it does not say yet, it says in English."""
    return {**catalogue()[SOURCE], **(catalogue().get(language) or {})}
