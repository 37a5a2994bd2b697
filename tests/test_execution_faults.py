"""`kill -9` of kernels, workers, nannies, schedulers and clients at random moments: nothing is lost or torn.

The kernels import no framework.  After every fault each record in the store is whole and equal to that of an
undisturbed run; in the end the store is, and nothing is left running.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from notebook_books import CLONE, copy_book, with_environments, with_pages, write_page

from bookbuild import store
from bookbuild.config import Book
from bookbuild.execution import execute
from bookbuild.execution.kernel import LAUNCHER

pytestmark = pytest.mark.kernels
ENVIRONMENT = "mxnet"  # the lightest
PAGES = tuple(f"page{n}" for n in range(8))
WORKERS = 3
MARK = "BOOK_TEST_OF_FAULTS"
PROGRAM = f"""
import sys
from pathlib import Path
from bookbuild.config import load_book
from bookbuild.errors import BookError
from bookbuild.execution import execute
if __name__ == "__main__":
    book = load_book(Path(sys.argv[1]))
    try:
        result = execute(book, {PAGES!r}, ("{ENVIRONMENT}",), workers=2, scheduler=sys.argv[2] or None)
    except BookError as error:
        sys.exit(str(error))
    sys.exit(len(result.findings))
"""


class Shop:
    """A book whose notebooks count how often they begin, and the processes that run it."""

    def __init__(self, book: Book) -> None:
        self.starts = book.root / "starts"
        for number, name in enumerate(PAGES):
            flags = "os.O_CREAT | os.O_APPEND | os.O_WRONLY"
            count = f"import os, time\nfile = os.open({str(self.starts)!r}, {flags})"
            write_page(
                book,
                name,
                f"{count}\nos.write(file, b'{name}\\n')",
                "time.sleep(0.15)\nprint('half')",
                f"time.sleep(0.15)\nprint([n**2 for n in range({number + 3})])",
            )
        self.book = with_pages(book, *PAGES)
        (book.root / "run.py").write_text(PROGRAM)
        self.environment = {**os.environ, "PYTHONPATH": str(CLONE), MARK: str(book.root)}
        self.started: list[subprocess.Popen[bytes]] = []
        self.random = random.Random(20_261_121)  # noqa: S311 (moments, no secrets)
        assert execute(self.book, PAGES, (ENVIRONMENT,), workers=2).findings == ()
        self.whole = self.records()
        assert len(self.whole) == len(PAGES)
        self.empty()

    def empty(self) -> None:
        shutil.rmtree(self.book.root / "outputs")
        self.starts.write_text("")

    def records(self) -> dict[str, Any]:
        """All that is stored, without what another run gives otherwise; a torn record raises."""
        found = {}
        for name in PAGES:
            record = store.read(self.book, name, ENVIRONMENT)
            if record is not None:
                found[name] = record.claim
        return found

    def begun(self) -> Counter[str]:
        return Counter(self.starts.read_text().split())

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.book.root / ("said" if command[0] == "run.py" else "dask.log")).open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=self.book.root,
                env=self.environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def client(self, scheduler: str = "") -> subprocess.Popen[bytes]:
        return self.start("run.py", str(self.book.root), scheduler)

    def scheduler(self) -> tuple[subprocess.Popen[bytes], str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = self.start(
            "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"
        )
        return process, f"tcp://127.0.0.1:{port}"

    def nanny(self, scheduler: str) -> subprocess.Popen[bytes]:
        """A nanny with its worker, as the README starts them."""
        return self.start("-m", "dask", "worker", scheduler, "--nthreads", "1", "--no-dashboard")

    def ours(self, wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
        """The processes of this book whose command line is wanted."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                line = process.cmdline()
                if wanted(line) and (
                    str(LAUNCHER) in line or process.environ().get(MARK) == str(self.book.root)
                ):
                    found.append(process)
        return found

    def kernels(self) -> list[psutil.Process]:
        return self.ours(lambda line: str(LAUNCHER) in line)

    def workers(self) -> list[psutil.Process]:
        return self.ours(lambda line: any("multiprocessing.spawn" in word for word in line))

    def wait_for_kernels(self, least: int = 1) -> None:
        deadline = time.monotonic() + 40
        while len(self.kernels()) < least and time.monotonic() < deadline:
            time.sleep(0.02)

    def gone(self) -> bool:
        """Whether everything ends by itself within the time."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for process in self.started:
                process.poll()
            if not self.ours(lambda line: True):
                return True
            time.sleep(0.1)
        return False

    def sound(self) -> None:
        """Every record is whole and that of an undisturbed run."""
        for name, claim in self.records().items():
            assert claim == self.whole[name], name

    def finish(self) -> None:
        """The next run does what is left."""
        assert execute(self.book, PAGES, (ENVIRONMENT,), workers=2).findings == ()
        assert self.records() == self.whole
        assert not list((self.book.root / "outputs").rglob(".*")), "nothing half-written is left"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(with_environments(copy_book(tmp_path), ENVIRONMENT))
    yield shop
    for process in shop.started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait(10)
    assert shop.gone(), shop.ours(lambda line: True)


def kill(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        process.kill()
        return True
    return False


@pytest.mark.timeout(900)
def test_killed_clients_leave_nothing_running_and_nothing_half_written(shop: Shop, counts) -> None:
    points = 30
    runs = 0
    for point in range(points):
        if len(shop.records()) == len(PAGES):
            runs += 1
            shop.empty()
        before, begun = len(shop.records()), shop.begun().total()
        client = shop.client()
        if point % 3:
            shop.wait_for_kernels()
        time.sleep(shop.random.uniform(0, 2.5))
        kill(psutil.Process(client.pid))
        client.wait(10)
        assert shop.gone(), "kernels and workers end with their client"
        shop.sound()
        again = shop.begun().total() - begun - (len(shop.records()) - before)
        assert again <= 2, "at most one notebook for each worker has to run again"
    shop.finish()
    told = "no process left, no record torn, at most one notebook a worker again"
    counts(f"{points} clients killed in {runs + 1} runs: {told}")


@pytest.mark.timeout(900)
def test_killed_kernels_workers_and_nannies_cost_one_notebook_each(shop: Shop, counts) -> None:
    shares = {"kernel": 24, "worker": 24, "nanny": 12}
    plan = shop.random.sample(list(shares), counts=shares.values(), k=sum(shares.values()))
    points, runs = len(plan), 0
    _, address = shop.scheduler()
    nannies = [shop.nanny(address) for _ in range(WORKERS)]
    victims: dict[str, Callable[[], list[psutil.Process]]] = {
        "kernel": shop.kernels,
        "worker": shop.workers,
        "nanny": lambda: [psutil.Process(n.pid) for n in nannies if n.poll() is None],
    }
    while plan:
        client = shop.client(address)
        shop.wait_for_kernels()
        while client.poll() is None and plan:
            living = victims[plan[-1]]()
            if living and kill(shop.random.choice(living)):
                plan.pop()
            nannies = [n for n in nannies if n.poll() is None]
            nannies += [shop.nanny(address) for _ in range(WORKERS - len(nannies))]
            time.sleep(shop.random.uniform(0.05, 0.8))
        client.wait(120)
        shop.sound()
        if len(shop.records()) == len(PAGES):
            runs += 1
            shop.empty()
    begun = shop.begun()
    assert execute(shop.book, PAGES, (ENVIRONMENT,), workers=2, scheduler=address).findings == ()
    assert shop.records() == shop.whole
    assert sum(begun.values()) <= len(PAGES) + points
    shop.finish()
    told = "{kernel} kernels, {worker} workers, {nanny} nannies".format_map(shares)
    counts(f"{told} killed in {runs + 1} runs: the store is that of an undisturbed run")


@pytest.mark.timeout(900)
def test_a_killed_scheduler_is_one_clear_error_and_the_next_run_goes_on(shop: Shop, counts) -> None:
    points = 10
    for _ in range(points):
        if len(shop.records()) == len(PAGES):
            shop.empty()
        scheduler, address = shop.scheduler()
        nannies = [shop.nanny(address) for _ in range(2)]
        client = shop.client(address)
        shop.wait_for_kernels()
        time.sleep(shop.random.uniform(0, 1.2))
        kill(psutil.Process(scheduler.pid))
        client.wait(40)
        said = (shop.book.root / "said").read_text().splitlines()
        assert not any(line.startswith("Traceback") for line in said), said
        clear = said[-1].startswith("execution: the scheduler is gone; start it, then run again")
        assert clear or client.returncode == 0, said  # 0: it was quicker than the fault
        for nanny in nannies:
            nanny.terminate()
            nanny.wait(20)
        assert shop.gone()
        shop.sound()
    shop.finish()
    counts(f"{points} schedulers killed: one clear error each, the next run went on")
