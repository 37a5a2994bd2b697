"""Downloaded notebooks run from top to bottom in an environment that knows nothing of the clone.

The environment holds its framework alone (a layer over the book's own, so that nothing is fetched).  With a
site, the notebook and the wheel come from a copy of the site on the loopback address.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from rendering import copy_book

from bookbuild import environments
from bookbuild.build import publish
from bookbuild.config import Book, load_book
from bookbuild.render import notebooks
from bookbuild.render.notebooks.wheel import wheel

CLONE = Path(__file__).resolve().parent.parent
FRAMEWORKS = ("pytorch", "tensorflow", "mxnet", "jax")
SECTION = "builders-guide/model-construction"
PARTS = (
    "_config.yml",
    "_toc.yml",
    "LICENSE-SAMPLECODE",
    "chapters",
    "d2l",
    "data",
    "environments",
    "figures",
    "outputs",
    "pyproject.toml",
)
ASK = "import d2l\nprint(d2l.__file__)"

pytestmark = [pytest.mark.kernels, pytest.mark.sphinx]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def copy_clone(folder: Path, site: str = "") -> Book:
    folder.mkdir(exist_ok=True)
    for part in PARTS:
        source = CLONE / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy2(source, folder / part)
    config = folder / "_config.yml"
    config.write_text(
        config.read_text("utf-8").replace('bookbuild_site: ""', f'bookbuild_site: "{site}"'), "utf-8"
    )
    return load_book(folder)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A copy of the site, with the English downloads."""
    root = tmp_path_factory.mktemp("site")
    published = root / "_build" / "html"
    published.mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(published)))
    address = f"http://127.0.0.1:{server.server_address[1]}"
    book = copy_clone(root, address)
    notebooks.build(book, "en", FRAMEWORKS)
    wheel(book, root / "_build" / "notebooks")
    publish(book)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebooks of a book without a site."""
    book = copy_clone(tmp_path_factory.mktemp("alone"))
    notebooks.build(book, "en", FRAMEWORKS)
    return book.root / "_build" / "notebooks" / "en"


def clean_environment(folder: Path, framework: str) -> Path:
    """A new environment that sees the packages of the framework's own; returns its Python."""
    assert environments.ensure(CLONE, (framework,)) == {framework: None}
    base = environments.interpreter(CLONE, framework)
    subprocess.run([str(base), "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python3*/site-packages")
    (below,) = environments.folder(CLONE, framework).glob("lib/python3*/site-packages")
    (packages / "below.pth").write_text(f"{below}\n")
    return folder / "bin" / "python"


def run(notebook: nbformat.NotebookNode, framework: str, folder: Path) -> str:
    """Run all cells in a clean environment and an empty folder; returns where ``d2l`` came from."""
    python = clean_environment(folder / "environment", framework)
    work = folder / "work"
    work.mkdir()
    spec = folder / "kernels" / "clean"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "clean", "language": "python"})
    )
    specs = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="clean", kernel_spec_manager=specs)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    client = NotebookClient(notebook, km=manager, timeout=300, resources={"metadata": {"path": str(work)}})
    client.execute(env=outside(), cleanup_kc=True)  # nbclient leaves a manager that it was given running
    assert not any(work.iterdir())
    return notebook.cells[-1].outputs[0].text.strip()


def outside() -> dict[str, str]:
    """An environment without the clone, without a network, with pip kept to addresses that it is given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON", "COVERAGE", "MPL"))}
    kept = {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}
    return kept | {
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
    }


def names_that_failed(notebook: nbformat.NotebookNode) -> set[str]:
    return {
        c.metadata.get("name", c.id)
        for c in notebook.cells
        if c.cell_type == "code" and any(o.output_type == "error" for o in c.outputs)
    }


def meant_to_fail(notebook: nbformat.NotebookNode) -> set[str]:
    return {c.metadata.name for c in notebook.cells if "raises-exception" in c.metadata.get("tags", [])}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_section_runs_from_the_site_with_this_builds_wheel(site, framework, tmp_path):
    with urllib.request.urlopen(f"{site}/notebooks/en/{framework}/{SECTION}.ipynb") as answer:
        notebook = nbformat.reads(answer.read().decode(), as_version=nbformat.NO_CONVERT)
    assert notebook.cells[0].source.splitlines()[-1].startswith(f"%pip install -q {site}/")
    origin = run(notebook, framework, tmp_path)
    assert Path(origin).is_relative_to(tmp_path / "environment")
    assert names_that_failed(notebook) <= meant_to_fail(notebook)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_section_runs_without_a_site_on_what_it_brings(alone, framework, tmp_path):
    """To its end in two frameworks; in the others until the functions are imported, which takes a fifth."""
    notebook = nbformat.read(alone / framework / f"{SECTION}.ipynb", as_version=nbformat.NO_CONVERT)
    if framework not in ("pytorch", "mxnet"):
        imported = next(i for i, c in enumerate(notebook.cells) if "from d2l import" in c.source)
        notebook.cells = notebook.cells[: imported + 1]
    origin = run(notebook, framework, tmp_path)
    assert not Path(origin).is_relative_to(CLONE)
    assert names_that_failed(notebook) <= meant_to_fail(notebook)


def test_a_notebook_brings_its_data(tmp_path):
    book = copy_book(tmp_path)
    notebooks.build(book, "en", ("mxnet",))
    path = book.root / "_build" / "notebooks" / "en" / "mxnet" / "tensors.ipynb"
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    run(notebook, "mxnet", tmp_path)
    counted = next(c for c in notebook.cells if c.metadata.get("name") == "count-rows")
    assert counted.outputs[0].data["text/plain"] == "2"
    assert names_that_failed(notebook) <= meant_to_fail(notebook)


def test_the_wheel_is_the_same_from_every_folder_and_made_once(tmp_path):
    made = []
    for name in ("one", "two"):
        book = copy_clone(tmp_path / name)
        made.append(wheel(book, book.root / "_build" / "notebooks"))
    assert made[0].read_bytes() == made[1].read_bytes()
    stamp = made[0].stat().st_mtime_ns
    wheel(load_book(tmp_path / "one"), made[0].parent)
    assert made[0].stat().st_mtime_ns == stamp
    core = tmp_path / "one" / "d2l" / "_core.py"
    core.write_text(core.read_text("utf-8") + "\nNEW = 1\n", "utf-8")
    wheel(load_book(tmp_path / "one"), made[0].parent)
    assert made[0].read_bytes() != made[1].read_bytes()
