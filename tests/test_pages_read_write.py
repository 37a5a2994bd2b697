"""Files of *Reading and Writing*: read by other frameworks, by a new process, after a kill.

Two processes per framework run the page's own cells: the first trains and writes, the second, which shares
nothing with it but the folder, reads.  What both computed comes back as NumPy arrays.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import numpy
import pytest
from agreeing import ROOT, run_cells

from bookbuild.config import load_book
from bookbuild.pages import load_page

DOCNAME = "builders-guide/read-write"
CELLS = (
    "libraries",
    "package",
    "formats",
    "configuration",
    "atomic",
    "read-arrays",
    "save-arrays",
    "outputs",
    "start",
    "train",
    "training-state",
    "checkpoint",
)
FRAMEWORKS = ("pytorch", "tensorflow", "mxnet", "jax")
PAIRS = tuple(permutations(FRAMEWORKS, 2))

# The first process: an uninterrupted run of 30 steps, a checkpoint of another one at step 20, the network as
# it is after 30 steps, the file of untrained weights, and what the saved functions refuse.
WRITE = """
examples = d2l.make_examples(config, 512, seed=1)
net, optimizer = start()
order = numpy.random.default_rng(1)
losses = train(net, optimizer, examples, order, 0, 30)
final, _ = training_state(net, optimizer)
save_arrays("{me}.net", read_arrays(net.body, arrays), {{"config": config}})
results = {{"losses": losses, "output": outputs(net.body, batch), "batch": batch}}
results |= {{"final:" + name: array for name, array in final.items()}}

net, optimizer = start()
order = numpy.random.default_rng(1)
train(net, optimizer, examples, order, 0, 20)
snapshot, _ = training_state(net, optimizer)
kept = {{name: array.copy() for name, array in snapshot.items()}}
save_checkpoint("{me}.run", net, optimizer, {{"step": 20, "order": order.bit_generator.state}})
train(net, optimizer, examples, order, 20, 21)
results["snapshots are copies"] = all(numpy.array_equal(snapshot[name], kept[name]) for name in kept)

net, optimizer = start()
body = net.body
copies = read_arrays(body, arrays)
results["untouched"] = all(numpy.array_equal(copies[name], arrays[name]) for name in arrays)
results["contiguous"] = all(array.flags["C_CONTIGUOUS"] for array in copies.values())
for array in copies.values():
    array[:] = 0
results["reading gives copies"] = abs(outputs(body, batch)).max() > 0.1
save_arrays("{me}.start", read_arrays(body, arrays), {{"config": config}})
results["bytes"] = numpy.frombuffer(Path("{me}.start").read_bytes(), "uint8")

odd = {{"turned": numpy.arange(6.0).reshape(2, 3).T, "step": numpy.array(7),
       "mask": numpy.array([True, False]), "big-endian": numpy.arange(3, dtype=">f4"),
       "empty": numpy.zeros((0, 2), "float16")}}
save_arrays("{me}.odd", odd, {{"text": "é", "deep": [1, {{"a": None}}], "large": 2**100}})
back, notes = saved_arrays("{me}.odd")
results["odd"] = all(
    back[name].shape == odd[name].shape and numpy.array_equal(back[name], odd[name]) for name in odd)
results["notes"] = notes == {{"text": "é", "deep": [1, {{"a": None}}], "large": 2**100}}
save_arrays("{me}.bare", {{}})
results["nothing"] = saved_arrays("{me}.bare") == ({{}}, {{}})
Path("{me}.foreign").write_bytes(safetensors.numpy.save({{"a": numpy.ones(2)}}))
results["no notes"] = saved_arrays("{me}.foreign")[1] == {{}}

def refused(error, function, *arguments):
    try:
        function(*arguments)
    except error:
        return True
    return False

results["notes that JSON lacks"] = refused(TypeError, save_arrays, "{me}.bad", {{}}, {{"a": object()}})
results["nothing written"] = not Path("{me}.bad").exists()
whole = Path("{me}.run").read_bytes()
damaged = {{"cut": whole[:-1], "short": whole[:5], "long": whole + b"x", "pickle": pickle.dumps([])}}
for name, part in damaged.items():
    Path("{me}." + name).write_bytes(part)
    results["damaged " + name] = refused(safetensors.SafetensorError, saved_arrays, "{me}." + name)
results["no folder"] = refused(OSError, write_atomically, "{me}.missing/file", b"x")

wider = config | {{"hidden": 48}}
other = Noisy(d2l.specimen(wider))
outputs(other, batch)
load_arrays(other.body, d2l.specimen_arrays(wider))
before = read_arrays(other.body, arrays)
results["another network"] = refused(ValueError, load_checkpoint, "{me}.run", other, adam_of(other))
after = read_arrays(other.body, arrays)
results["left as it was"] = all(numpy.array_equal(before[name], after[name]) for name in before)
"""

# Optimizers with one memory per parameter, and with none.
KINDS = {
    "pytorch": (
        "torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)",
        "torch.optim.SGD(net.parameters(), 0.1)",
    ),
    "tensorflow": ("keras.optimizers.SGD(0.1, momentum=0.9)", "keras.optimizers.SGD(0.1)"),
    "mxnet": (
        "gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.1, 'momentum': 0.9})",
        "gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.1})",
    ),
    "jax": (
        "nnx.Optimizer(net, optax.sgd(0.1, momentum=0.9), wrt=nnx.Param)",
        "nnx.Optimizer(net, optax.sgd(0.1), wrt=nnx.Param)",
    ),
}
WRITE_KINDS = """
for number, adam_of in enumerate((lambda net: {0}, lambda net: {1})):
    net, optimizer = start()
    train(net, optimizer, examples, numpy.random.default_rng(1), 0, 3)
    save_checkpoint("kind", net, optimizer, {{}})
    losses = train(net, optimizer, examples, numpy.random.default_rng(2), 3, 6)
    net, optimizer = start()
    load_checkpoint("kind", net, optimizer)
    again = train(net, optimizer, examples, numpy.random.default_rng(2), 3, 6)
    results[f"kind {{number}}"] = losses == again
"""

# The second process: the rest of the run from the checkpoint, and the networks of the other frameworks.
READ = """
examples = d2l.make_examples(config, 512, seed=1)
net, optimizer = start()
train(net, optimizer, examples, numpy.random.default_rng(99), 900, 903)
notes = load_checkpoint("{me}.run", net, optimizer)
order = numpy.random.default_rng()
order.bit_generator.state = notes["order"]
results = {{"losses": train(net, optimizer, examples, order, notes["step"], 30)}}
final, _ = training_state(net, optimizer)
results |= {{"final:" + name: array for name, array in final.items()}}
for writer in {all}:
    found, notes = saved_arrays(writer + ".net")
    body = d2l.specimen(notes["config"])
    load_arrays(body, found)
    results["output of " + writer] = outputs(body, batch)
"""

# What the page promises between frameworks. Sums of at most 32 terms of size about 1 in float32
# (spacing 6e-8 at 1), through eight layers, stay well below it.
TOLERANCE = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


# What the page says of Keras: the file of weights leaves out the seeds of dropout.
WRITE_WEIGHTS = """
net, _ = start()
outputs(net, batch)
net.save_weights("seeds.weights.h5")
named = []
with h5py.File("seeds.weights.h5") as file:
    file.visititems(lambda name, item: named.append(name) if isinstance(item, h5py.Dataset) else None)
results["no seeds"] = len(named) == 16 and len(net.variables) == 17
"""


def _writing() -> dict[str, str]:
    programs = {key: WRITE.format(me=key) + WRITE_KINDS.format(*KINDS[key]) for key in FRAMEWORKS}
    return programs | {"tensorflow": programs["tensorflow"] + WRITE_WEIGHTS}


@pytest.fixture(scope="module")
def written(folder: Path) -> dict[str, dict[str, numpy.ndarray]]:
    return run_cells(folder, DOCNAME, CELLS, _writing())


@pytest.fixture(scope="module")
def read(folder: Path, written: dict) -> dict[str, dict[str, numpy.ndarray]]:
    return run_cells(folder, DOCNAME, CELLS, {key: READ.format(me=key, all=FRAMEWORKS) for key in FRAMEWORKS})


def _by_hand(path: Path) -> dict[str, numpy.ndarray]:
    """The float32 arrays of a safetensors file, from its bytes."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__")
    arrays = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32"
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        arrays[name] = numpy.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return arrays


def _specimen(arrays: dict[str, numpy.ndarray], x: numpy.ndarray) -> numpy.ndarray:
    """The forward pass in double precision."""

    def affine(path: str, x: numpy.ndarray) -> numpy.ndarray:
        return x @ arrays[f"{path}/weight"].astype(float) + arrays[f"{path}/bias"]

    x = affine("stem", x.astype(float))
    for i in range(3):
        x = x + affine(f"blocks/{i}/down", numpy.maximum(affine(f"blocks/{i}/up", x), 0))
    return affine("head", x)


@pytest.mark.kernels
@pytest.mark.parametrize("key", FRAMEWORKS)
def test_the_saved_functions_do_what_they_say(written, key):
    flags = {name: value for name, value in written[key].items() if value.dtype == bool and value.shape == ()}
    assert len(flags) == 19 + (key == "tensorflow")
    assert not [name for name, value in flags.items() if not value]


@pytest.mark.kernels
def test_the_file_of_the_same_weights_is_the_same_in_every_framework(written):
    first, *others = (values["bytes"] for values in written.values())
    assert len(first) > 13_712
    assert all(numpy.array_equal(first, other) for other in others)


@pytest.mark.kernels
@pytest.mark.parametrize(("writer", "reader"), PAIRS)
def test_weights_trained_in_one_framework_give_the_same_output_in_another(written, read, writer, reader):
    there, here = written[writer]["output"], read[reader][f"output of {writer}"]
    assert here.shape == (2, 4) and here.dtype == numpy.float32
    numpy.testing.assert_allclose(here, there, **TOLERANCE)


@pytest.mark.kernels
@pytest.mark.parametrize("key", FRAMEWORKS)
def test_the_output_is_that_of_numpy_on_the_bytes_of_the_file(written, folder, key):
    expected = _specimen(_by_hand(folder / f"{key}.net"), written[key]["batch"])
    numpy.testing.assert_allclose(written[key]["output"], expected, **TOLERANCE)


@pytest.mark.kernels
@pytest.mark.parametrize("key", FRAMEWORKS)
def test_a_new_process_resumes_bit_for_bit(written, read, key):
    whole, rest = written[key], read[key]
    assert len(rest["losses"]) == 10
    assert numpy.array_equal(whole["losses"][20:], rest["losses"])
    names = [name for name in whole if name.startswith("final:")]
    assert len(names) > 32
    assert sorted(names) == sorted(name for name in rest if name.startswith("final:"))
    assert not [name for name in names if not numpy.array_equal(whole[name], rest[name])]


@pytest.mark.kernels
def test_training_moved_the_weights_that_travel(written, folder):
    for key in FRAMEWORKS:
        start, end = _by_hand(folder / f"{key}.start"), _by_hand(folder / f"{key}.net")
        assert min(abs(end[name] - start[name]).max() for name in start) > 0.01


def _atomic() -> str:
    """The page's cell that defines ``write_atomically``, as a program's beginning."""
    page = load_page(load_book(ROOT), "en", DOCNAME)
    (source,) = {cell.source for key in FRAMEWORKS for cell in page.cells(key) if cell.name == "atomic"}
    return f"import os, sys, time\n{source}\n"


def test_a_process_killed_before_the_renaming_leaves_the_old_file(tmp_path: Path):
    target = tmp_path / "run.safetensors"
    target.write_bytes(b"old")
    program = _atomic() + (
        "def stop(*_):\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "os.replace = stop\nwrite_atomically(sys.argv[1], b'new' * 1000)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, target], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    again = _atomic() + "write_atomically(sys.argv[1], b'newer')\n"
    subprocess.run([sys.executable, "-c", again, target], check=True)
    assert target.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [target]


def test_a_reader_sees_one_content_or_the_other(tmp_path: Path):
    target = tmp_path / "run.safetensors"
    target.write_bytes(b"a" * 200_000)
    program = _atomic() + (
        "for i in range(40):\n    write_atomically(sys.argv[1], (b'a', b'b')[i % 2] * 200_000)\n"
    )
    seen = []
    with subprocess.Popen([sys.executable, "-c", program, target]) as process:
        while process.poll() is None:
            seen.append(target.read_bytes())
    assert process.returncode == 0
    assert set(seen) <= {b"a" * 200_000, b"b" * 200_000}


def test_a_file_name_without_a_folder_is_written_here(tmp_path: Path):
    program = _atomic() + "write_atomically('here', b'x')\n"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert (tmp_path / "here").read_bytes() == b"x"
