"""Real kernels on a real cluster: what is run, stored, reported, and left behind."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from distributed import Client
from notebook_books import CLONE, copy_book, tree, with_environments, with_pages, write_page

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.execution import Result, execute
from bookbuild.execution.cluster import connect, run_all
from bookbuild.execution.kernel import LAUNCHER
from bookbuild.execution.values import Job

pytestmark = pytest.mark.kernels
ALL = ("pytorch", "tensorflow", "mxnet", "jax")
ONE = ("mxnet",)  # the lightest environment, for pages that need no framework


@pytest.fixture(autouse=True)
def no_kernel_is_left() -> Iterator[None]:
    before = kernels()
    yield
    deadline = time.monotonic() + 10
    while kernels() - before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not kernels() - before


def kernels() -> set[int]:
    return {p.pid for p in psutil.process_iter(["cmdline"]) if str(LAUNCHER) in (p.info["cmdline"] or ())}


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return with_environments(copy_book(tmp_path), *ONE)


def run(book: Book, *pages: str, **options: object) -> Result:
    book = with_pages(book, *pages)
    return execute(book, pages, ONE, workers=2, **options)  # type: ignore[arg-type]


def outputs(book: Book, page: str, cell: str, framework: str = "mxnet") -> list[str]:
    record = store.read(book, page, framework)
    assert record is not None
    found = record.cell(cell)
    assert found is not None
    return [o.get("text") or o.get("evalue") or o["data"]["text/plain"] for o in found.outputs]


# --- all four frameworks


def test_four_frameworks_run_the_book_and_running_again_changes_no_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = with_environments(copy_book(tmp_path), *ALL)
    result = execute(book, book.pages, ALL, workers=2)
    assert result.findings == ()
    assert len(result.executed) == len(result.written) == 8
    assert list(store.findings(book)) == []

    first = {f: outputs(book, "tensors", "make-tensor", f)[0] for f in ALL}
    assert first["pytorch"] == "tensor([0., 1., 2., 3.])"
    assert first["jax"] == "Array([0., 1., 2., 3.], dtype=float32)"
    assert "array([0., 1., 2., 3.])" in first["mxnet"] and "tf.Tensor" in first["tensorflow"]
    record = store.read(book, "tensors", "jax")
    assert record and record.machine and record.peak_memory > 50 and record.seconds > 0
    assert (
        record.python == "3.11" and record.versions["jax"] in (CLONE / "environments/jax.cpu.txt").read_text()
    )
    error = record.cell("past-the-end")
    assert error and error.outputs[0]["traceback"] == [
        "----> pick([1, 2], 5)",
        "IndexError: list index out of range",
    ]
    drawn = (store.path(book, "tensors", "mxnet") / "draw.svg").read_text()
    assert "<text" in drawn and "<metadata>" not in drawn
    for log in (book.root / "_build" / "logs" / "execution").rglob("*.log"):
        assert log.read_text().endswith("--- done\n")

    before = tree(book.root / "outputs")
    assert execute(book, book.pages, ALL, workers=2).executed == ()
    again = execute(book, book.pages, ALL, workers=2, force=True)
    assert len(again.executed) == 8 and again.written == () and again.findings == ()
    assert tree(book.root / "outputs") == before
    assert "every output is fresh: nothing to execute" in capsys.readouterr().err


# --- what goes wrong in a notebook


def test_what_goes_wrong_is_reported_with_its_line_and_the_others_go_on(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    write_page(book, "raises", "x = 1", "def f():\n    return x / 0\n\n\nf()", "print('never')")
    write_page(book, "endless", "1", "while True:\n    pass", more="timeout: 4\n")
    write_page(book, "dies", "import os\nos.write(2, b'last words')\nos._exit(7)")
    write_page(book, "syntax", "x = 1\ny = = 2")
    write_page(book, "good", "[raises-exception]\nint('x')", "print('fine')")
    started = time.monotonic()
    result = run(book, "raises", "endless", "dies", "syntax", "good")
    assert time.monotonic() - started < 40
    assert result.executed == result.written == (("good", "mxnet"),)
    assert outputs(book, "good", "c1") == ["fine\n"]

    lines = {f.path: f for f in result.findings}
    assert len(lines) == 4
    for name, source, says in (
        ("raises", "f()", "cell 'c1' in mxnet raises ZeroDivisionError: division by zero"),
        ("endless", "while True:", "cell 'c1' in mxnet did not end: the notebook has 4 s"),
        ("dies", "import os", "cell 'c0' in mxnet: the kernel died while it ran"),
        ("syntax", "y = = 2", "cell 'c0' in mxnet raises SyntaxError"),
    ):
        finding = lines[f"chapters/en/{name}.md"]
        assert finding.problem.startswith(says)
        assert (book.root / finding.path).read_text().split("\n")[finding.line - 1] == source
        assert store.read(book, name, "mxnet") is None

    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown and "----> 2     return x / 0" in shown and "\x1b[" not in shown
    log = book.root / "_build" / "logs" / "execution"
    assert "ZeroDivisionError" in (log / "raises" / "mxnet.cpu.log").read_text()
    assert "last words" in (log / "dies" / "mxnet.cpu.log").read_text()


def test_a_cell_that_takes_too_much_is_ended_and_the_others_go_on(book: Book) -> None:
    write_page(book, "large", "1", "held = [b'x' * 2**20 for _ in range(4000)]", more="memory: 300\n")
    child = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'x = b\"x\" * 2**30; input()'])"
    write_page(book, "child", child, more="memory: 300\n")
    write_page(book, "enough", "held = b'x' * 2**27\nprint('fits')", more="memory: 300\n")
    result = run(book, "large", "child", "enough")
    assert result.executed == (("enough", "mxnet"),)
    assert sorted(f.problem for f in result.findings) == [
        "cell 'c0' in mxnet holds too much memory: the notebook has 300 MiB",
        "cell 'c1' in mxnet holds too much memory: the notebook has 300 MiB",
    ]


def test_a_flood_of_output_is_cut_as_it_comes(book: Book) -> None:
    write_page(
        book,
        "flood",
        "for i in range(20_000):\n    print('x' * 10_000)",
        "from IPython.display import display\nfor i in range(3_000):\n    display(i)",
        "'y' * 10**6",
        "print('after')",
    )
    assert run(book, "flood").findings == ()
    (printed,), shown, (value,) = (outputs(book, "flood", f"c{n}") for n in range(3))
    assert printed.endswith("\n[more than 1015808 characters are not kept]\n") and len(printed) < 33_000
    assert len(shown) == 500
    assert value.endswith("characters are not kept]\n") and len(value) < 33_000
    assert outputs(book, "flood", "c3") == ["after\n"]


def test_a_kernel_that_closes_its_ports_is_one_clear_finding(book: Book) -> None:
    later = "asyncio.get_event_loop().call_later(0.1, get_ipython().kernel.shell_stream.close)"
    write_page(
        book, "deaf", f"import asyncio\n{later}", "import time\ntime.sleep(1)", "1", more="timeout: 6\n"
    )
    write_page(book, "torn", "import os\nos.closerange(3, 500)", more="timeout: 6\n")
    write_page(book, "well", "print('fine')")
    result = run(book, "deaf", "torn", "well")
    assert result.executed == (("well", "mxnet"),)
    for finding in result.findings:
        assert "did not end" in finding.problem or "the kernel died" in finding.problem
    assert len(result.findings) == 2


def test_after_a_failure_the_last_good_outputs_stay(book: Book) -> None:
    write_page(book, "page", "print('good')")
    run(book, "page")
    before = tree(book.root / "outputs")
    write_page(book, "page", "print('bad')\n1 / 0")
    assert len(run(book, "page").findings) == 1
    assert tree(book.root / "outputs") == before
    assert not store.freshness(book, _page(book), "mxnet").fresh


def _of_session(leader: int) -> list[list[str]]:
    """The command lines of a session's living processes."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.cmdline())
    return found


def _page(book: Book):
    from bookbuild.pages import load_page

    return load_page(book, "en", "page")


def test_the_command_prints_one_line_for_each_failure_and_exits_with_1(book: Book) -> None:
    write_page(book, "page", "1 / 0")
    with_pages(book, "page")
    command = [sys.executable, "-m", "bookbuild", "execute"]
    environment = {**os.environ, "PYTHONPATH": str(CLONE), "BOOK_PAGES": "page", "BOOK_FRAMEWORKS": "mxnet"}
    done = subprocess.run(
        command, cwd=book.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("chapters/en/page.md:13: cell 'c0' in mxnet raises ZeroDivisionError") == 1
    assert 'File "' not in done.stderr.split("chapters/en/page.md:13")[1]


# --- what a kernel sees


def test_a_kernel_starts_in_an_empty_folder_with_settings_of_nobody(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "inherited")
    write_page(
        book, "page",
        "import os, pathlib\nprint(os.listdir(), os.environ.get('SECRET'), os.environ['OMP_NUM_THREADS'])",
        "import sys, warnings\nwarnings.warn('take care')  # a comment\nprint(object(), pathlib.Path.cwd())",
        "for i in range(3):\n    print(i, end='\\r')\nprint('done')\nprint('\\x1b[31mred', file=sys.stderr)",
        "pathlib.Path('left').write_text('x')\nprint(hash('a'), pathlib.Path.home().exists())\n"
        "import d2l, importlib.util\nprint(d2l.__file__, importlib.util.find_spec('bookbuild'))",
        "from matplotlib import pyplot as plt\n_ = plt.plot([1, 2])",
        "from IPython import get_ipython\nget_ipython().run_line_magic('history', '-l 1')",
    )  # fmt: skip
    result = run(book, "page")
    assert [f.problem for f in result.findings] == ["cell 'c4' draws an image without alternative text"]
    assert outputs(book, "page", "c0") == ["[] None 1\n"]
    assert outputs(book, "page", "c1") == ["<object> .\n", "cell: UserWarning: take care\n"]
    assert outputs(book, "page", "c2") == ["done\n", "red\n"]
    assert outputs(book, "page", "c3")[0].endswith("True\nd2l/__init__.py None\n")
    assert (store.path(book, "page", "mxnet") / "c4.svg").is_file()
    before = tree(book.root / "outputs")
    run(book, "page", force=True)
    assert tree(book.root / "outputs") == before


def test_check_runs_everything_leaves_the_store_alone_and_names_what_differs(book: Book) -> None:
    write_page(book, "page", "print('same')", "import os, time\nprint(time.time_ns())")
    run(book, "page")
    before = tree(book.root / "outputs")
    result = run(book, "page", check=True)
    assert [(f.line, f.problem.split(" gives")[0]) for f in result.findings] == [(16, "cell 'c1' in mxnet")]
    assert tree(book.root / "outputs") == before
    shutil.rmtree(book.root / "outputs")
    (missing,) = run(book, "page", check=True).findings
    assert missing.problem == "has no mxnet outputs to compare with"
    assert not (book.root / "outputs").exists()


def test_sources_that_change_meanwhile_are_not_taken_for_what_ran(book: Book) -> None:
    edit = "file = pathlib.Path(d2l.__file__)\nfile.write_text(file.read_text() + '\\nprint(1)\\n')"
    write_page(book, "page", f"import pathlib\nfrom d2l import mxnet as d2l\n{edit}")
    (finding,) = [f for f in run(book, "page").findings if "changed while" in f.problem]
    assert "make execute" in finding.mend
    assert store.read(book, "page", "mxnet") is None


# --- faults of the machine


def test_a_full_disk_is_one_error_and_the_old_record_stays(book: Book, tmp_path: Path) -> None:
    write_page(book, "page", "print('old')")
    run(book, "page")
    before = tree(book.root / "outputs")
    write_page(book, "page", *["print('new' * 10_000)"] * 5)
    if os.getuid() == 0:  # whom no missing right stops
        if not _mounted(book.root / "outputs", before):
            pytest.skip("this machine lets root mount nothing")
        try:
            result = run(book, "page")
            assert tree(book.root / "outputs") == before
        finally:
            subprocess.run(["umount", str(book.root / "outputs")], check=True)
    else:
        folder = store.path(book, "page", "mxnet").parent
        folder.chmod(0o500)
        result = run(book, "page")
        folder.chmod(0o700)
        assert tree(book.root / "outputs") == before
    (finding,) = result.findings
    assert finding.path == "outputs/page/mxnet.cpu" and "cannot be written" in finding.problem


def _mounted(folder: Path, files: dict[str, bytes]) -> bool:
    """Put a very small file system in the place of a folder, with the same files."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], check=False,
                          capture_output=True)  # fmt: skip
    for name, content in files.items() if done.returncode == 0 else ():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return done.returncode == 0


def test_a_killed_worker_leaves_no_kernel_and_its_notebook_runs_again(book: Book) -> None:
    runs = book.root / "runs"
    count = f"import os, time\nfile = os.open({str(runs)!r}, os.O_CREAT | os.O_APPEND | os.O_WRONLY)\n"
    write_page(
        book, "page", count + "os.write(file, b'x')\nlast = time.monotonic()", "time.sleep(3)\nprint('ended')"
    )
    killed: list[int] = []

    def kill() -> None:
        while not runs.exists():
            time.sleep(0.02)
        (kernel,) = kernels()
        killed.append(kernel)
        psutil.Process(kernel).parent().kill()
        deadline = time.monotonic() + 2
        while psutil.pid_exists(kernel) and time.monotonic() < deadline:
            time.sleep(0.02)
        killed.append(psutil.pid_exists(kernel))

    thread = threading.Thread(target=kill)
    thread.start()
    result = run(book, "page")
    thread.join()
    assert killed[1] is False, "the kernel ends with its worker"
    assert result.findings == () and runs.read_bytes() == b"xx"
    assert outputs(book, "page", "c1") == ["ended\n"]


def test_what_keeps_a_worker_from_beginning_is_said_as_it_is(tmp_path: Path) -> None:
    job = Job("page", "jax", "", str(tmp_path), sys.executable, scratch=str(tmp_path / "gone"))
    with connect(1, None, str(tmp_path), "cpu") as client:
        ((_, outcome),) = run_all(client, (job,), lambda event: None)
    assert outcome and outcome.failure and outcome.failure.kind == "start"
    assert outcome.failure.message.startswith("FileNotFoundError: ")


def test_an_interrupted_run_leaves_no_kernel_and_keeps_what_was_done(book: Book) -> None:
    write_page(book, "quick", "print('kept')")
    write_page(book, "slow", "import time\ntime.sleep(60)")
    with_pages(book, "quick", "slow")
    program = (
        "import sys; from pathlib import Path; from bookbuild.config import load_book\n"
        "from bookbuild.execution import execute\n"
        "if __name__ == '__main__':\n"
        "    book = load_book(Path(sys.argv[1])); execute(book, book.pages, ('mxnet',), workers=2)\n"
    )
    script = book.root / "run.py"
    script.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(CLONE)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(book.root)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 40
    while store.read(book, "quick", "mxnet") is None and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert outputs(book, "quick", "c0") == ["kept\n"]
    assert not kernels()
    deadline = time.monotonic() + 10
    while _of_session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _of_session(process.pid) == []


# --- clusters and environments


@pytest.fixture
def dask_cluster(book: Book) -> Iterator[Callable[..., str]]:
    """Start a scheduler on loopback and workers in the book's folder, as the README says."""
    started: list[subprocess.Popen[bytes]] = []

    def dask(*arguments: str) -> None:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        environment = {**os.environ, "PYTHONPATH": str(CLONE)}  # a clone has bookbuild in its own folder
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen(command, cwd=book.root, env=environment, stdout=quiet, stderr=quiet))

    def cluster(*resources: str) -> str:
        address = f"tcp://127.0.0.1:{_free_port()}"
        dask("scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2])
        for n, asked in enumerate(resources):
            declared = ["--resources", asked] if asked else []
            folder = book.root / f"worker{n}"
            folder.mkdir()
            dask("worker", address, "--nthreads", "1", "--local-directory", str(folder), *declared)
        with Client(address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(len(resources), timeout=60)
        return address

    yield cluster
    for process in reversed(started):
        process.terminate()
    for process in started:
        process.wait(20)


WHERE = "import os\nprint(os.getppid())"
"""says on which worker a cell runs"""


def worker(process: str) -> str:
    """The number of the worker with this process."""
    parents = [psutil.Process(int(process)), *psutil.Process(int(process)).parents()]
    return next(a[-1] for p in parents for a in p.cmdline() if re.search(r"/worker\d$", a))


def test_three_workers_take_the_work_that_their_resources_allow(
    book: Book, dask_cluster: Callable[..., str]
) -> None:
    address = dask_cluster("mxnet=1 MEMORY=500", "mxnet=1 MEMORY=3000", "jax=1 MEMORY=9000")
    small = [f"small{n}" for n in range(4)]
    large = [f"large{n}" for n in range(2)]
    for name in small:
        write_page(book, name, "import time\ntime.sleep(0.5)", WHERE, more="memory: 400\n")
    for name in large:
        write_page(book, name, "1", WHERE, more="memory: 2000\n")
    result = run(book, *small, *large, scheduler=address)
    assert result.findings == () and len(result.written) == 6
    ran = {name: worker(outputs(book, name, "c1")[0]) for name in small + large}
    assert {ran[name] for name in large} == {"1"}
    assert {ran[name] for name in small} <= {"0", "1"} and "0" in ran.values()

    write_page(book, "huge", "1", more="memory: 20000\n")
    asks = r"its mxnet notebook asks for MEMORY=20000, mxnet=1, which no worker has"
    with pytest.raises(BookError, match=asks):
        run(book, "huge", scheduler=address)


@pytest.mark.usefixtures("one_gpu")
def test_pages_for_a_gpu_go_to_the_worker_that_declares_it(
    book: Book, dask_cluster: Callable[..., str]
) -> None:
    address = dask_cluster("", "GPU=1", "")
    pages = [f"device{n}" for n in range(3)]
    for name in pages:
        write_page(book, name, WHERE, more="devices: 1\n")
    assert run(book, *pages, scheduler=address, device="gpu").findings == ()
    records = [store.read(book, name, "mxnet", "gpu") for name in pages]
    assert {worker(r.cells[0].outputs[0]["text"]) for r in records if r} == {"1"}


def test_a_worker_whose_clone_is_another_refuses_the_work(
    book: Book, dask_cluster: Callable[..., str], tmp_path: Path
) -> None:
    address = dask_cluster("")
    elsewhere = with_environments(copy_book(tmp_path / "elsewhere"), *ONE)
    (elsewhere.root / "d2l" / "mxnet.py").write_text("changed = 1\n")
    write_page(elsewhere, "page", "print('far away')")
    (finding,) = run(elsewhere, "page", scheduler=address).findings
    assert "this worker's clone has another d2l/mxnet.py; check out the same commit there" in finding.problem
    write_page(book, "page", "print('far away')")
    assert run(book, "page", scheduler=address).findings == ()
    assert outputs(book, "page", "c0") == ["far away\n"]


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_scheduler_that_is_not_there_is_one_clear_error(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookbuild.execution.cluster.CONNECT", 1)
    write_page(book, "page", "1")
    with pytest.raises(BookError, match=r"^SCHEDULER=tcp://127.0.0.1:9: cannot be reached"):
        run(book, "page", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(BookError, match=r"^SCHEDULER=nonsense://: cannot be reached"):
        run(book, "page", scheduler="nonsense://")


def test_a_framework_that_cannot_run_here_is_one_line_and_the_others_run(
    book: Book, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_page(book, "page", "1")
    book = with_pages(book, "page")
    monkeypatch.setattr("bookbuild.environments.ensure", lambda root, names, report: {
        name: "environment jax: needs Python 3.11" if name == "jax" else None for name in names})  # fmt: skip
    result = execute(book, ("page",), ("mxnet", "jax"), workers=1)
    assert result.executed == (("page", "mxnet"),) and result.findings == ()
    assert (
        "environment jax: needs Python 3.11; its outputs stay those of the store" in capsys.readouterr().err
    )


def test_an_environment_without_a_kernel_is_one_clear_finding(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_page(book, "page", "1")
    monkeypatch.setattr("bookbuild.environments.interpreter", lambda root, name: Path("/bin/false"))
    (finding,) = run(book, "page").findings
    assert finding.problem.startswith("the mxnet kernel did not run")


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="this machine may have a GPU")
def test_a_gpu_that_is_not_there_is_one_clear_error(book: Book) -> None:
    write_page(book, "page", "1", more="devices: 1\n")
    with pytest.raises(BookError, match=r"^DEVICE=gpu: no GPU is found here"):
        run(book, "page", device="gpu")


@pytest.fixture
def one_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose nvidia-smi names one GPU; to the cluster it is an abstract resource."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\ncase $1 in -L) echo 'GPU 0: T (UUID: GPU-1)';; *) echo 'Test GPU, 1.0';; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("one_gpu")
def test_more_gpus_than_any_worker_has_is_one_clear_error(book: Book) -> None:
    write_page(book, "page", "1", more="devices: 2\n")
    with pytest.raises(BookError, match=r"page.md:1: its mxnet notebook asks for GPU=2, which no worker has"):
        run(book, "page", device="gpu")


@pytest.mark.usefixtures("one_gpu")
def test_what_a_device_page_gave_on_a_gpu_is_stored_beside_with_all_that_is_installed(book: Book) -> None:
    write_page(book, "page", "print('on a device')", more="devices: 1\n")
    assert run(book, "page", device="gpu").written == (("page", "mxnet"),)
    record = store.read(book, "page", "mxnet", "gpu")
    assert record and record.machine == "Test GPU, 1.0" and "mxnet==1.9.1" in record.freeze
    assert store.freshness(book, _page(book), "mxnet", "gpu").fresh
    assert store.freshness(book, _page(book), "mxnet").missing
