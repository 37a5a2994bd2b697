"""Work by value on Dask: a cluster of this machine's processes, or one that runs already."""

from __future__ import annotations

import logging
import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client, Future, LocalCluster, get_worker

from bookbuild.errors import BookError
from bookbuild.execution.kernel import run_notebook
from bookbuild.execution.values import Job, Outcome

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
    return max(
        1,
        min(jobs, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
    )


@contextmanager
def connect(workers: int, scheduler: str | None, scratch: str) -> Iterator[Client]:
    """A client of a new local cluster, or of the one at ``scheduler``."""
    with dask.config.set(SETTINGS):
        if scheduler:
            try:
                client = Client(scheduler, timeout=CONNECT, set_as_default=False)
            except (OSError, ValueError) as error:
                reason = str(error).split("\n")[0]
                raise BookError.at(
                    f"SCHEDULER={scheduler}",
                    0,
                    f"cannot be reached ({reason})",
                    "start it with `dask scheduler`, or leave SCHEDULER= out",
                ) from None
            with client:
                yield client
            return
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=0,
                local_directory=scratch,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client


def run_all(client: Client, jobs: Sequence[Job], listen: Listen) -> Iterator[tuple[Job, Outcome | None]]:
    """Run the jobs in order, one on each worker's thread at a time; yields each as it ends.

    None instead of an outcome: three workers in turn were lost while it ran.
    """
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
            yield job, future.result() if future.status == "finished" else None
    finally:
        client.cancel(list(running.values()), force=True)
        client.unsubscribe_topic(TOPIC)


def _needs(job: Job) -> dict[str, float] | None:
    return {"GPU": job.devices} if job.device == "gpu" and job.devices else None


def _work(job: Job) -> Outcome:
    """The task: runs on a worker."""
    worker = get_worker()
    return run_notebook(job, lambda event: worker.log_event(TOPIC, event))
