"""``make bench``: how long the steps of a build take, measured on a copy of the working tree.

Times are wall-clock seconds of whole commands on this machine; ratios travel better than they do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bookbuild import environments, system
from bookbuild.config import Book
from bookbuild.pages import load_page

if TYPE_CHECKING:
    from bookbuild.execution.values import Job

Say = Callable[[str], None]
REPEATS = 3
MANY = 700
"""notebooks of a whole book, for the simulated clusters"""
SLEEP = 5
"""a simulated notebook sleeps for this part of its recorded time, so that Dask's own share counts more"""


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    peak_mib: float
    """resident memory of the largest single process"""


def bench(book: Book, say: Say) -> None:
    """Measure and print; an edit is one sentence added to the page with the most code.

    The book's own ``_build`` and ``outputs`` are not touched.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder) / "book"
        copy_tree(book.root, root)
        pages = len(book.pages) * len(book.languages)
        say(
            f"{os.cpu_count()} cores; {len(book.pages)} pages in {len(book.languages)} languages; "
            f"medians of {REPEATS} where several runs are cheap"
        )
        full = command(root, "html")
        each = 1000 * full.seconds / pages
        say(f"full HTML, from nothing:     {full.seconds:6.1f} s  ({each:.0f} ms a page)")
        say(f"no-op build:                 {repeated(root, lambda: None, 'html'):6.2f} s")
        longest = max(book.pages, key=lambda page: len(load_page(book, book.source, page).groups))
        edit = book.page_path(book.source, longest).relative_to(book.root)
        touch = _editor(root / edit)
        say(f"one-page edit, one language: {repeated(root, touch, 'html', LANGS=book.source):6.2f} s")
        say(f"one-page edit, all of them:  {repeated(root, touch, 'html'):6.2f} s")
        notebooks = command(root, "notebooks")
        say(f"all notebooks:               {notebooks.seconds:6.1f} s")
        _pdf(book, root, say)
        _execution(book, root, say)


def copy_tree(source: Path, target: Path) -> None:
    """The files that git tracks or would track, and the environments by a link."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=source,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)
    (target / ".venv").symlink_to(source / ".venv")


def command(root: Path, name: str, **variables: str) -> Run:
    """One ``python -m bookbuild`` command in the copy; raises where it fails."""
    names = {f"BOOK_{k}": v for k, v in variables.items()}
    environment = {**os.environ, **names, "PYTHONPATH": str(root)}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bookbuild", name],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed:\n{output.decode(errors='replace')}")
    scale = 1024 if sys.platform == "linux" else 1024 * 1024
    return Run(seconds, usage.ru_maxrss / scale)


def repeated(root: Path, before: Callable[[], None], name: str, **variables: str) -> float:
    command(root, name, **variables)
    seconds = []
    for _ in range(REPEATS):
        before()
        seconds.append(command(root, name, **variables).seconds)
    return median(seconds)


def _editor(path: Path) -> Callable[[], None]:
    def touch() -> None:
        path.write_text(path.read_text("utf-8") + "\nOne more sentence.\n", "utf-8")

    return touch


def _pdf(book: Book, root: Path, say: Say) -> None:
    if system.missing("tex"):
        say("PDF:                         not measured: no TeX")
        return
    one = command(root, "pdf", LANGS=book.source, FRAMEWORKS=book.framework_keys[0])
    say(f"one PDF:                     {one.seconds:6.1f} s, peak {one.peak_mib:.0f} MiB in one process")
    every = command(root, "pdf")
    count = len(book.languages) * len(book.frameworks)
    each = every.seconds / (count - 1)
    say(f"the other {count - 1} PDFs:           {every.seconds:6.1f} s  ({each:.1f} s each)")


def _execution(book: Book, root: Path, say: Say) -> None:
    absent = [f for f in book.framework_keys if not environments.ready(root, f)]
    present = " ".join(f for f in book.framework_keys if f not in absent)
    if absent:
        say(f"execution without {', '.join(absent)}: no environment here")
    if not present:
        return
    cores = os.cpu_count() or 1
    for workers in (1, 2):
        used = min(workers, cores)
        shutil.rmtree(root / "outputs")  # so that every record holds the seconds of this run
        run = command(root, "execute", FRAMEWORKS=present, WORKERS=str(workers))
        records = [json.loads(path.read_text("utf-8")) for path in (root / "outputs").rglob("record.json")]
        cells = sum(cell["seconds"] for record in records for cell in record["cells"])
        say(
            f"{len(records)} notebooks, WORKERS={workers}:     {run.seconds:6.1f} s; "
            f"cells {cells:.1f} s; cells / (wall x workers) = {cells / run.seconds / workers:.2f}; "
            f"wall / (cells / {used} cores) = {run.seconds * used / cells:.2f}"
        )
    seconds = [record["seconds"] for record in records]
    for workers in (16, 64):
        wall = simulated(seconds, MANY, workers)
        total = sum(islice(cycle(seconds), MANY))
        say(
            f"{MANY} notebooks, {workers} workers, asleep for 1/{SLEEP} of the recorded times: "
            f"{wall:.1f} s; efficiency {total / SLEEP / wall / workers:.2f}"
        )


def simulated(recorded: Sequence[float], number: int, workers: int) -> float:
    """Seconds that the runner and Dask's scheduler take for notebooks that only sleep, longest first."""
    from distributed import Client, LocalCluster

    from bookbuild.execution.cluster import run_all
    from bookbuild.execution.values import Job

    seconds = sorted(islice(cycle(recorded), number), reverse=True)
    naps = {Job(str(n), "", "", "", ""): nap / SLEEP for n, nap in enumerate(seconds)}
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=False, memory_limit=0, dashboard_address=None
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        start = time.perf_counter()
        for _ in run_all(client, tuple(naps), lambda event: None, partial(_sleep, naps)):
            pass
        return time.perf_counter() - start


def _sleep(naps: Mapping[Job, float], job: Job) -> None:
    time.sleep(naps[job])
