"""Work by value on Dask: a cluster of this machine's processes, or one that runs already."""

from __future__ import annotations

import importlib.util
import logging
import os
import queue
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any

import dask
import psutil
from distributed import Client, Future, KilledWorker, LocalCluster, get_worker

from bookbuild.errors import BookError
from bookbuild.execution.clone import settle
from bookbuild.execution.kernel import run_notebook
from bookbuild.execution.values import MEMORY as LIMIT
from bookbuild.execution.values import Job, Outcome, not_run

TOPIC = "book"
MEMORY = "MEMORY"
"""the resource in which a worker declares the MiB that it has"""
CONNECT = 15
"""seconds to reach a scheduler"""
DESERTED = 60
"""seconds without any worker after which the run gives up"""
SETTINGS = {
    "distributed.comm.timeouts.connect": f"{CONNECT}s",
    "distributed.scheduler.allowed-failures": 3,  # runs again elsewhere when its worker is lost
    "distributed.worker.daemon": True,
}

Listen = Callable[[dict[str, Any]], None]


def default_workers(jobs: int) -> int:
    """As many as this machine has cores, and memory for notebooks that use all they may."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = psutil.virtual_memory().total // (LIMIT << 20)
    return max(1, min(jobs, cores, room))


@contextmanager
def connect(workers: int, scheduler: str | None, scratch: str, device: str) -> Iterator[Client]:
    """A client of a new local cluster, or of the one at ``scheduler``.

    For GPUs the local cluster is one worker that has them all: notebooks run one after another.
    """
    settings = SETTINGS | ({"temporary-directory": scratch} if scratch else {})
    with dask.config.set(settings), ExitStack() as stack:
        if scheduler:
            yield stack.enter_context(_remote(scheduler))
            return
        resources = {"GPU": _gpus()} if device == "gpu" else {}
        with _interrupts_wait():
            cluster = LocalCluster(
                n_workers=1 if resources else workers,
                resources=resources,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
                local_directory=scratch,
                silence_logs=logging.CRITICAL,
            )
            stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster, set_as_default=False))


def _gpus() -> int:
    """How many GPUs this machine has.  Raises BookError when there are none."""
    with suppress(OSError, subprocess.CalledProcessError):
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout
        if count := listed.count("UUID: GPU-"):
            return count
    raise BookError.at(
        "DEVICE=gpu", 0, "no GPU is found here", "run it on a machine where nvidia-smi lists one"
    )


def _remote(scheduler: str) -> Client:
    for logger in ("distributed", "distributed.client"):  # what is lost is said in our findings
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        return Client(scheduler, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        mend = "start it with `dask scheduler`, or leave SCHEDULER= out"
        raise BookError.at(f"SCHEDULER={scheduler}", 0, f"cannot be reached ({reason})", mend) from None


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """An interrupt from the terminal reaches all processes; those started in here leave it to the client."""
    resource_tracker.ensure_running()  # it would let them through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def dashboard(client: Client, scheduler: str | None) -> str:
    """The address of Dask's dashboard; "" where there is none (it needs bokeh, beside the scheduler)."""
    if not scheduler and importlib.util.find_spec("bokeh") is None:
        return ""
    return client.dashboard_link if "dashboard" in client.scheduler_info()["services"] else ""


def run_all(
    client: Client, jobs: Sequence[Job], listen: Listen, work: Callable[[Job], Outcome] | None = None
) -> Iterator[tuple[Job, Outcome | None]]:
    """Run the jobs in order, one on each worker's thread at a time; yields each as it ends.

    None instead of an outcome: three workers in turn were lost while it ran.  ``work`` is what is done with
    a job instead of running its notebook.
    """
    frameworks = frozenset(job.framework for job in jobs)
    places = _Places.of(client, frameworks)
    places.refuse_impossible(jobs)
    client.subscribe_topic(TOPIC, lambda event: listen(event[1]))
    done: queue.SimpleQueue[tuple[Job, Future]] = queue.SimpleQueue()
    waiting = list(jobs)
    running: dict[Job, Future] = {}
    seen = time.monotonic()
    try:
        while waiting or running:
            places = _Places.of(client, frameworks)
            seen = time.monotonic() if places.workers else seen
            for job in list(places.next(waiting, running)):
                waiting.remove(job)
                running[job] = client.submit(work or _work, job, pure=False, resources=places.needs(job))
                running[job].add_done_callback(lambda future, job=job: done.put((job, future)))
            try:
                job, future = done.get(timeout=1)
            except queue.Empty:
                if time.monotonic() - seen > DESERTED:
                    raise BookError.at(
                        "execution", 0, f"no worker for {DESERTED} s", "start workers, then run again"
                    ) from None
                continue
            del running[job]
            yield job, _outcome(job, future)
    finally:
        client.cancel(list(running.values()), force=True)
        client.unsubscribe_topic(TOPIC)


@dataclass(frozen=True, slots=True)
class _Places:
    """What jobs ask of workers, and how many of a kind the workers have room for.

    Which worker takes a job is the scheduler's to decide.
    """

    workers: tuple[tuple[int, dict[str, float]], ...]
    """threads and declared resources of each"""
    memory: bool
    """whether any worker declares memory: then it counts"""
    framework: bool
    """whether any worker declares one of the frameworks: then they count"""

    @classmethod
    def of(cls, client: Client, frameworks: frozenset[str]) -> _Places:
        known = client.scheduler_info(n_workers=-1)
        if "workers" not in known:
            raise _scheduler_lost()
        workers = tuple((w["nthreads"], dict(w["resources"])) for w in known["workers"].values())
        declared = {name for _, resources in workers for name in resources}
        return cls(workers, MEMORY in declared, bool(declared & frameworks))

    def needs(self, job: Job) -> dict[str, float]:
        """The abstract resources of a job; GPUs always count."""
        needs: dict[str, float] = {"GPU": job.devices} if job.device == "gpu" and job.devices else {}
        if self.memory:
            needs[MEMORY] = job.memory
        if self.framework:
            needs[job.framework] = 1
        return needs

    def room(self, needs: dict[str, float]) -> int:
        """How many jobs with these needs could run at once."""
        rooms = (
            min([threads, *(int(resources.get(name, 0) // amount) for name, amount in needs.items())])
            for threads, resources in self.workers
        )
        return sum(rooms)

    def next(self, waiting: Sequence[Job], running: Collection[Job]) -> Iterator[Job]:
        """The jobs to hand over now: in order, and of each kind no more than there is room for."""
        left: dict[tuple[tuple[str, float], ...], int] = {}
        for job in (*running, *waiting):
            needs = self.needs(job)
            kind = tuple(sorted(needs.items()))
            if kind not in left:
                left[kind] = self.room(needs)
            left[kind] -= 1
            if left[kind] >= 0 and job not in running:
                yield job

    def refuse_impossible(self, jobs: Sequence[Job]) -> None:
        """A job that no worker could ever take would wait for ever."""
        for job in jobs:
            needs = self.needs(job)
            if self.workers and not self.room(needs):
                asked = ", ".join(f"{name}={amount:.0f}" for name, amount in needs.items())
                raise BookError.at(
                    f"chapters/en/{job.page}.md",
                    1,
                    f"its {job.framework} notebook asks for {asked}, which no worker has",
                    f'start one with `--resources "{asked.replace(",", "")}"`',
                )


def _outcome(job: Job, future: Future) -> Outcome | None:
    """What the notebook gave; a worker that could not begin it (a full disk, say) is its failure to start."""
    if future.status == "finished":
        return future.result()
    if future.status != "error":  # lost or cancelled, and not by us
        raise _scheduler_lost()
    error = future.exception()
    return None if error is None or isinstance(error, KilledWorker) else not_run(job, error)


def _scheduler_lost() -> BookError:
    return BookError.at(
        "execution", 0, "the scheduler is gone", "start it, then run again: what has ended is stored"
    )


def _work(job: Job) -> Outcome:
    """The task: runs on a worker."""
    worker = get_worker()
    return run_notebook(settle(job), lambda event: worker.log_event(TOPIC, event))
