"""Drawings for XeLaTeX: SVG to PDF by librsvg, each drawing once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.util import logging

from bookbuild.files import digest, write_atomically

CONVERTER = "rsvg-convert"
TIMEOUT = 60
"""seconds; a drawing takes some hundredths"""

logger = logging.getLogger(__name__)


class SvgToPdf(ImageConverter):
    """Figures and stored outputs that are SVG, for a builder that wants PDF."""

    conversion_rules: ClassVar = [("image/svg+xml", "application/pdf")]

    def is_available(self) -> bool:
        return True

    def convert(self, _from: str, _to: str) -> bool:
        source = Path(_from)
        drawn = source.with_suffix(".pdf")
        if drawn.is_file():  # the drawing program wrote both
            shutil.copyfile(drawn, _to)
            return True
        try:
            drawing = source.read_bytes()
        except OSError as error:
            logger.warning("%s cannot be read (%s)", _from, error.strerror, location=self.env.docname)
            return False
        kept = Path(self.imagedir) / "svg" / f"{digest(drawing)}.pdf"
        if not kept.is_file():
            problem = svg_to_pdf(drawing, kept)
            if problem:
                logger.warning("%s: %s", _from, problem, location=self.env.docname)
                return False
        shutil.copyfile(kept, _to)
        return True


def svg_to_pdf(drawing: bytes, target: Path) -> str:
    """Write ``target``; returns what went wrong, or nothing."""
    if shutil.which(CONVERTER) is None:
        return f"{CONVERTER} is missing => install Debian's librsvg2-bin"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    try:
        done = subprocess.run(
            [CONVERTER, "--format=pdf"],
            input=drawing,
            env=environment,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{CONVERTER} did not end in {TIMEOUT} s => simplify the drawing"
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return f"is no drawing that {CONVERTER} understands ({said[-1] if said else 'it said nothing'})"
    write_atomically(target, done.stdout)
    return ""
