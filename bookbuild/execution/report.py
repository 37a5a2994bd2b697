"""Outcomes in words: findings with the page's lines, logs, records."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import Finding
from bookbuild.execution.plan import Planned
from bookbuild.execution.values import Failure, Job, Outcome
from bookbuild.files import read_text, write_atomically
from bookbuild.store.key import OUTSIDE_THE_KEY


def log_path(book: Book, planned: Planned, device: str) -> Path:
    return (
        book.root
        / "_build"
        / "logs"
        / "execution"
        / planned.page.docname
        / f"{planned.framework}.{device}.log"
    )


def write_log(book: Book, planned: Planned, device: str, outcome: Outcome) -> None:
    head = f"{planned.page.docname} {planned.framework} on {outcome.machine}: {outcome.seconds:.1f} s\n"
    failure = outcome.failure
    tail = f"--- failed: {failure.cell or 'start'}: {failure.message}\n" if failure else "--- done\n"
    write_atomically(log_path(book, planned, device), head + outcome.log + tail)


def failed(book: Book, planned: Planned, failure: Failure, job: Job, log: str) -> Finding:
    """A failure as a finding at the line of the English page that it came from."""
    path = book.relative(planned.page.path)
    cell = next((c for c in planned.page.cells(planned.framework) if c.name == failure.cell), None)
    if cell is None:
        return Finding(
            path,
            0,
            f"the {planned.framework} kernel did not run ({failure.message})",
            f"see {log}; does the environment start? `make distclean` makes it anew",
        )
    line = cell.source_line + max(failure.line, 1) - 1
    subject = f"cell {cell.name!r} in {planned.framework}"
    if failure.kind == "timeout":
        return Finding(
            path,
            line,
            f"{subject} did not end: the notebook has {job.timeout} s",
            "make it shorter, or give the page a `timeout:` in its front matter",
        )
    if failure.kind == "memory":
        return Finding(
            path,
            line,
            f"{subject} holds too much memory: the notebook has {job.memory} MiB",
            "make it smaller, or give the page a `memory:` (in MiB) in its front matter",
        )
    if failure.kind == "dead":
        return Finding(path, line, f"{subject}: {failure.message}", f"see {log}; memory is a usual cause")
    message = failure.message.strip().split("\n")[0]
    return Finding(
        path,
        line,
        f"{subject} raises {message}",
        f"mend it, or tag it `raises-exception` where the error is the lesson; see {log}",
    )


def lost(book: Book, planned: Planned) -> Finding:
    return Finding(
        book.relative(planned.page.path),
        0,
        f"its {planned.framework} notebook ended three workers in turn",
        "does it use up the memory of the machine? run it alone with WORKERS=1",
    )


def record(book: Book, planned: Planned, device: str, outcome: Outcome) -> store.Record:
    """What is stored of a whole run, with the keys of the sources as they are now."""
    freeze = _freeze(outcome.installed) if device == "gpu" else ""
    profile = store.profile(book, planned.framework, device, outcome.python, freeze)
    keys = store.keys(book, planned.page, planned.framework, profile)
    parts: dict[str, str] = {}
    for key in keys:
        parts |= key.parts
    runs = {run.name: run for run in outcome.cells}
    return store.Record(
        page=planned.page.docname,
        framework=planned.framework,
        device=device,
        machine=outcome.machine,
        profile=profile.name,
        python=outcome.python,
        versions=_versions(book, planned.framework, outcome.installed),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        seconds=outcome.seconds,
        peak_memory=outcome.peak_memory,
        parts=parts,
        freeze=freeze,
        cells=tuple(
            store.CellRecord(k.name, k.key, runs[k.name].outputs, runs[k.name].seconds) for k in keys
        ),
    )


def _freeze(installed: dict[str, str]) -> str:
    return "".join(
        f"{name}=={version}\n" for name, version in sorted(installed.items(), key=lambda i: i[0].lower())
    )


def _versions(book: Book, framework: str, installed: dict[str, str]) -> dict[str, str]:
    """Versions of what the environment asks for by name, and of what only this platform has."""
    path = book.root / "environments" / f"{framework}.in"
    asked = (
        {_name(x) for x in re.findall(r"^([A-Za-z0-9][\w.-]*)", read_text(path), re.M)}
        if path.is_file()
        else set()
    )
    names = {_name(n): (n, v) for n, v in installed.items()}
    return {n: v for key, (n, v) in sorted(names.items()) if key in asked or key.startswith(OUTSIDE_THE_KEY)}


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
