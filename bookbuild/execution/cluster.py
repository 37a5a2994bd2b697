"""Work by value on Dask: a cluster of this machine's processes, or one that runs already."""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, get_worker

from bookbuild.errors import BookError
from bookbuild.execution.kernel import run_notebook
from bookbuild.execution.values import Job, Outcome, not_run

TOPIC = "book"
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
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(jobs, cores))


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


def run_all(client: Client, jobs: Sequence[Job], listen: Listen) -> Iterator[tuple[Job, Outcome | None]]:
    """Run the jobs in order, one on each worker's thread at a time; yields each as it ends.

    None instead of an outcome: three workers in turn were lost while it ran.
    """
    _refuse_impossible(client, jobs)
    client.subscribe_topic(TOPIC, lambda event: listen(event[1]))
    done: queue.SimpleQueue[tuple[Job, Future]] = queue.SimpleQueue()
    waiting = list(reversed(jobs))
    running: dict[Job, Future] = {}
    seen = time.monotonic()
    try:
        while waiting or running:
            threads = sum(client.nthreads().values())
            seen = time.monotonic() if threads else seen
            while waiting and len(running) < threads:
                job = waiting.pop()
                running[job] = client.submit(_work, job, pure=False, resources=_needs(job))
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


def _outcome(job: Job, future: Future) -> Outcome | None:
    """What the notebook gave; a worker that could not begin it (a full disk, say) is its failure to start."""
    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    return None if error is None or isinstance(error, KilledWorker) else not_run(job, error)


def _refuse_impossible(client: Client, jobs: Sequence[Job]) -> None:
    """A job that no worker could ever take would wait for ever."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    most = max((worker["resources"].get("GPU", 0) for worker in workers), default=0)
    for job in jobs:
        wanted = (_needs(job) or {}).get("GPU", 0)
        if workers and wanted > most:
            raise BookError.at(
                f"chapters/en/{job.page}.md",
                1,
                f"asks for {wanted} GPUs, and the largest worker has {most:.0f}",
                "start a worker with `--resources GPU=n`",
            )


def _needs(job: Job) -> dict[str, float] | None:
    return {"GPU": job.devices} if job.device == "gpu" and job.devices else None


def _work(job: Job) -> Outcome:
    """The task: runs on a worker."""
    worker = get_worker()
    return run_notebook(job, lambda event: worker.log_event(TOPIC, event))
