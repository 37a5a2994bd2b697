"""``make execute``: plan, environments, cluster, store."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bookbuild import environments, store
from bookbuild.config import Book
from bookbuild.errors import BookError, Finding
from bookbuild.execution.clone import sources
from bookbuild.execution.cluster import connect, dashboard, default_workers, run_all
from bookbuild.execution.compare import differences
from bookbuild.execution.plan import Planned, plan
from bookbuild.execution.progress import Board, counted
from bookbuild.execution.report import failed, log_path, lost, record, write_log
from bookbuild.execution.values import MEMORY, TIMEOUT, Job, Outcome
from bookbuild.notebooks import notebook_text
from bookbuild.pages import Cell


@dataclass(frozen=True, slots=True)
class Result:
    findings: tuple[Finding, ...] = ()
    executed: tuple[tuple[str, str], ...] = ()
    """(page, framework) of the notebooks that ran to their end"""
    written: tuple[tuple[str, str], ...] = ()
    """those whose record changed"""
    skipped: tuple[str, ...] = ()
    """frameworks that cannot run here, each with its reason"""


def execute(
    book: Book,
    pages: Sequence[str],
    frameworks: Sequence[str],
    device: str = "cpu",
    force: bool = False,
    check: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Result:
    """Execute what is stale (``force``: everything) and store the outputs of each notebook as it ends.

    ``check`` executes everything, leaves the store alone and reports the outputs that differ from it.
    Raises BookError when the pages are in error or no cluster can be had; what goes wrong in a notebook is
    a finding, and the others go on.
    """
    if not check:
        store.sweep(book)
    planned = plan(book, pages, frameworks, device, everything=force or check)
    board = Board(planned, workers or default_workers(len(planned)))
    missing = _environments(book, planned, device, scheduler, board)
    planned = [p for p in planned if p.framework not in missing]
    if not planned:
        board.say("nothing to execute" if missing else "every output is fresh: nothing to execute")
        return Result(skipped=tuple(missing.values()))
    run = _Run(book, device, check, Board(planned, workers or default_workers(len(planned))))
    scratch = tempfile.mkdtemp(prefix="book-")
    try:
        run.all(planned, scheduler, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Result(tuple(run.findings), tuple(run.executed), tuple(run.written), tuple(missing.values()))


def _environments(
    book: Book, planned: Iterable[Planned], device: str, scheduler: str | None, board: Board
) -> dict[str, str]:
    """Make what must run here; returns the frameworks that cannot, with the reason said in one line."""
    if scheduler:
        return {}  # the workers have their own
    names = {p.framework: _environment(book, p.framework, device) for p in planned}
    problems = environments.ensure(book.root, names.values(), board.say)
    missing = {f: str(problems[name]) for f, name in names.items() if problems[name]}
    for reason in missing.values():
        board.say(f"{reason}; its outputs stay those of the store")
    return missing


def _environment(book: Book, framework: str, device: str) -> str:
    name = f"{framework}.gpu"
    return name if device == "gpu" and environments.lock(book.root, name).is_file() else framework


@dataclass(slots=True)
class _Run:
    book: Book
    device: str
    check: bool
    board: Board
    findings: list[Finding] = field(default_factory=list)
    executed: list[tuple[str, str]] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)

    def all(self, planned: Sequence[Planned], scheduler: str | None, scratch: str) -> None:
        jobs = {self.job(p, scratch, elsewhere=bool(scheduler)): p for p in planned}
        before = {p: self.sources(p) for p in planned}
        with connect(self.board.workers, scheduler, scratch, self.device) as client, self.board:
            if address := dashboard(client, scheduler):
                self.board.say(f"Dask's dashboard: {address}")
            for job, outcome in run_all(client, tuple(jobs), self.board.event):
                notebook = jobs[job]
                if outcome is None:
                    self.findings.append(lost(self.book, notebook))
                    self.board.ended(notebook, "lost")
                else:
                    self.ended(notebook, job, outcome, before[notebook])

    def job(self, planned: Planned, scratch: str, elsewhere: bool) -> Job:
        page = planned.page
        root, name = self.book.root, _environment(self.book, planned.framework, self.device)
        here = {"root": "", "interpreter": ""}
        if not elsewhere:
            here = {
                "root": str(root),
                "interpreter": str(environments.interpreter(root, name)),
                "scratch": scratch,
            }
        return Job(
            page=page.docname,
            framework=planned.framework,
            notebook=notebook_text(page, planned.framework),
            environment=name,
            sources=sources(root, name, page.front_matter.data) if elsewhere else (),
            device=self.device,
            devices=page.front_matter.devices,
            timeout=page.front_matter.timeout or TIMEOUT,
            memory=page.front_matter.memory or MEMORY,
            **here,
        )

    def sources(self, planned: Planned) -> tuple[str, ...]:
        """The keys of the sources, whatever they run in: do they stay as they are while it runs?"""
        profile = store.Profile("", "", "", "")
        return tuple(k.key for k in store.keys(self.book, planned.page, planned.framework, profile))

    def ended(self, planned: Planned, job: Job, outcome: Outcome, before: tuple[str, ...]) -> None:
        write_log(self.book, planned, self.device, outcome)
        if outcome.failure:
            self.fail(planned, job, outcome)
            return
        self.executed.append((planned.page.docname, planned.framework))
        line = f"{counted(len(outcome.cells), 'cell')} in {outcome.seconds:.1f} s, {outcome.peak_memory} MiB"
        if self.sources(planned) != before:
            self.findings.append(
                Finding(
                    self.book.relative(planned.page.path),
                    0,
                    f"d2l or its data changed while its {planned.framework} notebook ran",
                    "run `make execute` again",
                )
            )
            line += ", not stored"
        else:
            line += self.keep(planned, outcome)
        self.board.ended(planned, line)

    def keep(self, planned: Planned, outcome: Outcome) -> str:
        """Store the outputs, or compare them; what is to be said of it."""
        made = record(self.book, planned, self.device, outcome)
        if self.check:
            found = list(self.compared(planned, made))
            self.findings += found
            return f", {counted(len(found), 'cell')} not as stored" if found else ", as stored"
        try:
            changed = store.write(self.book, made, {c.name: c.tags for c in _cells(planned)})
        except BookError as error:
            self.findings += error.findings
            return ", not stored"
        self.findings += store.output_findings(self.book, planned.page, made)
        if changed:
            self.written.append((planned.page.docname, planned.framework))
        return "" if changed else ", as before"

    def compared(self, planned: Planned, made: store.Record) -> Iterator[Finding]:
        path = self.book.relative(planned.page.path)
        old = store.read(self.book, planned.page.docname, planned.framework, self.device)
        if old is None:
            yield Finding(
                path, 0, f"has no {planned.framework} outputs to compare with", "run `make execute`"
            )
            return
        cells = {c.name: c for c in _cells(planned)}
        for name, difference in differences(old, made, cells):
            yield Finding(
                path,
                cells[name].line,
                f"cell {name!r} in {planned.framework} {difference}",
                f"if it is right now: {store.command(planned.page.docname, planned.framework)} FORCE=1",
            )

    def fail(self, planned: Planned, job: Job, outcome: Outcome) -> None:
        failure = outcome.failure
        assert failure is not None  # noqa: S101
        log = self.book.relative(log_path(self.book, planned, self.device))
        finding = failed(self.book, planned, failure, job, log)
        self.findings.append(finding)
        self.board.ended(
            planned,
            f"failed in cell {failure.cell!r}; the outputs stored before stay"
            if failure.cell
            else "failed to start",
        )
        if failure.traceback:
            self.board.say(failure.traceback)


def _cells(planned: Planned) -> tuple[Cell, ...]:
    return planned.page.cells(planned.framework)
