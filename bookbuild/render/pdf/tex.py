"""Running XeLaTeX until page numbers settle, and reading its log for a person."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bookbuild.errors import BookError, Finding
from bookbuild.files import digest
from bookbuild.render.pdf.translator import LANDMARK

PASSES = 6
TIMEOUT = 600
"""seconds for one pass; a thousand pages take less than two minutes"""
ENVIRONMENT = {
    "SOURCE_DATE_EPOCH": "0",
    "FORCE_SOURCE_DATE": "1",
    "max_print_line": "2000",
    "openin_any": "a",
    "openout_any": "p",
}
XELATEX = (
    "xelatex",
    "-no-pdf",
    "-interaction=nonstopmode",
    "-halt-on-error",
    "-file-line-error",
    "-no-shell-escape",
)
EMPTY_INDEX = "\\begin{sphinxtheindex}\\item\\end{sphinxtheindex}\n"
"""so that the first pass lists the index among the contents, which saves one"""
SETTLING = (".aux", ".toc", ".out", ".ind")
ERROR = re.compile(r"^(?:\./)?(?P<file>[^:\n]+\.(?:tex|sty|cls)):(?P<line>\d+): (?P<what>.*)$", re.M)
FAULTS = (
    (
        re.compile(r"^Missing character: There is no (?P<what>.) .*? in font (?P<where>[^!\n]*)!", re.M),
        "the character {what!r} (U+{code:04X}) is in no font of the PDF",
        "write it otherwise, or as an image",
    ),
    (
        re.compile(
            r"^(?:LaTeX|Package \w+) Warning: (?:Hyper r|R)eference `(?P<what>[^']*)' .* undefined", re.M
        ),
        "the reference {what!r} leads nowhere in the PDF",
        "mend the label",
    ),
    (
        re.compile(r"^LaTeX Warning: Citation `(?P<what>[^']*)' .* undefined", re.M),
        "the citation {what!r} leads nowhere in the PDF",
        "mend the key",
    ),
    (
        re.compile(r"^LaTeX Warning: File `(?P<what>[^']*)' not found", re.M),
        "the file {what!r} was not found by TeX",
        "mend the path",
    ),
)
OVERFULL = re.compile(
    r"^Overfull \\hbox \((?P<points>[\d.]+)pt too wide\).*?(?:lines? (?P<line>\d+))?(?:--\d+)?$", re.M
)


@dataclass(frozen=True, slots=True)
class Overfull:
    """A line that runs into the margin."""

    place: str
    points: float


def typeset(folder: Path, name: str) -> Path:
    """``folder/name.tex`` to ``folder/name.pdf``.  Raises a BookError with every fault that TeX reports."""
    try:
        _settle(folder, name)
    except BookError:
        for suffix in SETTLING:  # half-written files would spoil the next run
            (folder / f"{name}{suffix}").unlink(missing_ok=True)
        raise
    found = tuple(faults(read_log(folder, name), (folder / f"{name}.tex").read_text("utf-8")))
    if found:
        raise BookError(found)
    _run(folder, name, ["xdvipdfmx", "-q", "-E", "-o", f"{name}.pdf", f"{name}.xdv"])
    (folder / f"{name}.xdv").unlink()
    return folder / f"{name}.pdf"


def _settle(folder: Path, name: str) -> None:
    """Passes of XeLaTeX until one has read what it writes itself: mostly the second."""
    index = folder / f"{name}.ind"
    if not index.is_file():
        index.write_text(EMPTY_INDEX, "utf-8")
    before = _settling(folder, name)
    for _ in range(PASSES):
        _run(folder, name, [*XELATEX, f"{name}.tex"])
        entries = folder / f"{name}.idx"
        if entries.is_file() and entries.stat().st_size:
            _run(folder, name, ["makeindex", "-q", "-s", "python.ist", entries.name])
        else:
            index.unlink(missing_ok=True)
        after = _settling(folder, name)
        if after == before:
            return
        before = after
    raise BookError.at(
        f"{name}.tex",
        0,
        f"page numbers do not settle in {PASSES} passes",
        "look for a reference that moves itself over a page's end",
    )


def _run(folder: Path, name: str, command: list[str]) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise BookError.at(command[0], 0, "is missing", "install TeX as README says") from None
    except subprocess.TimeoutExpired:
        raise BookError.at(
            f"{name}.tex", 0, f"{command[0]} did not end in {TIMEOUT} s", f"read {folder / name}.log"
        ) from None
    if done.returncode:
        said = read_log(folder, name) if command[0] == "xelatex" else done.stdout.decode(errors="replace")
        raise BookError(failure(said, folder, name))


def read_log(folder: Path, name: str) -> str:
    path = folder / f"{name}.log"
    return path.read_text("utf-8", errors="replace") if path.is_file() else ""


def failure(log: str, folder: Path, name: str) -> Finding:
    """Why TeX gave up: its first error, on the page that the line of ``.tex`` came from."""
    match = ERROR.search(log)
    if match is None:
        last = " / ".join(line for line in log.strip().splitlines()[-4:] if line.strip())
        return Finding(
            f"{name}.tex", 0, f"TeX gave up: {last or 'it said nothing'}", f"read {folder / name}.log"
        )
    line, what = int(match["line"]), match["what"].strip()
    shown = re.search(r"^l\.\d+ (.*)$", log[match.end() :], re.M)
    near = f" near {shown[1].strip()!r}" if shown and shown[1].strip() else ""
    source = folder / match["file"]
    text = source.read_text("utf-8") if source.name == f"{name}.tex" and source.is_file() else ""
    path, number = place(text, line) if text else (f"{name}.tex", line)
    return Finding(path, number, f"TeX cannot set this: {what}{near}", "mend the page there")


def faults(log: str, text: str) -> Iterator[Finding]:
    """What TeX only warns of and a reader would stumble over."""
    seen = set()
    for pattern, problem, mend in FAULTS:
        for match in pattern.finditer(log):
            what = match["what"]
            if (problem, what) in seen:
                continue
            seen.add((problem, what))
            body = text.find(what, max(text.find(r"\begin{document}"), 0))
            path, number = place(text, text.count("\n", 0, body) + 1) if body >= 0 else ("", 0)
            said = problem.format(what=what, code=ord(what[0]))
            yield Finding(path or "_build/latex", number, said, mend)


def overfull(log: str, text: str, least: float = 0.0) -> tuple[Overfull, ...]:
    """Lines that stand out by more than ``least`` points."""
    found = []
    for match in OVERFULL.finditer(log):
        points = float(match["points"])
        if points > least:
            path, number = place(text, int(match["line"] or 0))
            found.append(Overfull(f"{path}:{number}", points))
    return tuple(found)


def place(text: str, line: int) -> tuple[str, int]:
    """The page and its line that ``line`` of the ``.tex`` came from, by the landmarks before it."""
    for earlier in reversed(text.splitlines()[:line]):
        if earlier.startswith(LANDMARK):
            page, _, number = earlier.removeprefix(LANDMARK).rpartition(":")
            return page, int(number)
    return "", 0


def _settling(folder: Path, name: str) -> tuple[str, ...]:
    files = (folder / f"{name}{suffix}" for suffix in SETTLING)
    return tuple(digest(path.read_bytes()) if path.is_file() else "" for path in files)
