"""Devices, clocks and memory of the section on GPUs: the saved functions, and what the text predicts.

Runs without a GPU. Where a GPU is found the tests of the fallbacks are left out.
"""

from __future__ import annotations

import json
import subprocess
from itertools import combinations
from pathlib import Path

import numpy
import pytest
from agreeing import run_cells

from bookbuild.config import load_book
from bookbuild.environments import interpreter, ready

ROOT = Path(__file__).resolve().parent.parent
BOOK = load_book(ROOT)
DOCNAME = "builders-guide/use-gpu"
CELLS = (
    *("libraries", "package", "second-device", "handles", "choosing", "which", "where", "synchronize"),
    *("seconds", "everything", "train", "plan", "allocated", "plateaus", "predicted-levels", "checkpointed"),
)

# --- the saved functions ---

SAVED = """
import json
from d2l import {module} as d2l

found = {{"gpus": d2l.num_gpus(), "cpu": str(d2l.cpu())}}
found["fallback"] = [str(d2l.try_gpu()), str(d2l.try_gpu(-1)), *map(str, d2l.try_all_gpus())]
found["errors"] = []
for wrong in (lambda: d2l.gpu(), lambda: d2l.gpu(-1), lambda: d2l.gpu(99),
              lambda: d2l.seconds_per_call(int, repeats=0)):
    try:
        wrong()
    except ValueError as error:
        found["errors"].append(str(error))

thing = {{"a": [1, 2.0]}}
found["same object"] = d2l.synchronize(thing) is thing and d2l.synchronize() is None

# a clock that a test can wind: each call of f advances it by the next of these seconds
seconds, now, calls, waits = [100, 1, 5, 2], [0.0], [], []
def f(*args):
    calls.append(args)
    now[0] += seconds[len(calls) - 1]
    return args
d2l.time.perf_counter = lambda: now[0]
wait = d2l.synchronize
d2l.synchronize = lambda result=None: waits.append(result) or result
found["median"] = d2l.seconds_per_call(f, "x", "y", repeats=3)
found["calls"], found["waits"] = calls, waits
d2l.synchronize = wait

d2l.num_gpus, d2l.gpu = (lambda: 2), (lambda i=0: f"gpu {{i}}")
found["with two"] = [d2l.try_gpu(), d2l.try_gpu(1), str(d2l.try_gpu(2)), *d2l.try_all_gpus()]
print(json.dumps(found))
"""

CPU = {"pytorch": "cpu", "tensorflow": "/device:CPU:0", "mxnet": "cpu(0)", "jax": "cpu:0"}


@pytest.fixture(scope="module", params=BOOK.framework_keys)
def saved(request: pytest.FixtureRequest) -> tuple[str, dict]:
    key = request.param
    if not ready(ROOT, key):
        pytest.skip(f"no environment for {key}")
    program = SAVED.format(module=BOOK.framework(key).module)
    done = subprocess.run(
        [interpreter(ROOT, key), "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return key, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.kernels
def test_without_a_gpu_the_processor_is_chosen_and_a_gpu_is_an_error(saved):
    key, found = saved
    assert found["cpu"] == CPU[key]
    if found["gpus"]:
        pytest.skip("this machine has a GPU")
    assert found["fallback"] == [CPU[key]] * 3
    assert found["errors"] == [
        *(f"no GPU {i}: 0 found" for i in (0, -1, 99)),
        "repeats is 0, must be at least 1",
    ]


@pytest.mark.kernels
def test_with_two_gpus_they_are_chosen_by_number(saved):
    key, found = saved
    assert found["with two"] == ["gpu 0", "gpu 1", CPU[key], "gpu 0", "gpu 1"]


@pytest.mark.kernels
def test_the_clock_waits_for_every_result_leaves_out_the_first_and_takes_the_median(saved):
    _, found = saved
    assert found["same object"]
    assert found["median"] == 2
    assert found["calls"] == found["waits"] == [["x", "y"]] * 4


# --- the page's claims ---

GRADIENTS = {
    "pytorch": """
def gradients(forward):
    net.zero_grad()
    F.cross_entropy(forward(net, X), y).backward()
    return [p.grad.numpy().T for p in net.parameters()]
""",
    "tensorflow": """
def gradients(forward):
    with tf.GradientTape() as tape:
        loss = criterion(y, forward(net, X))
    return [g.numpy() for g in tape.gradient(loss, net.trainable_variables)]
""",
    "mxnet": """
def gradients(forward):
    for p in net.collect_params().values():
        p.grad()[:] = numpy.nan  # what is not written anew must not pass for a gradient
    npx.waitall()
    with autograd.record():
        loss = criterion(forward(net, X), y).mean()
    loss.backward()
    npx.waitall()
    return [p.grad().asnumpy().T for p in net.collect_params().values()]
""",
    "jax": """
def gradients(forward):
    tree = nnx.grad(lambda net: criterion(forward(net, X), y))(net)
    return list(map(numpy.asarray, jax.tree.leaves(tree)))
""",
}
PROGRAM = """
{gradients}
plain = lambda net, x: net(x)
results = {{
    "losses": numpy.array([float(loss) for loss in losses]),
    "W": W, "A": A, "predicted": predicted,
    "levels": plateaus(plain), "thrifty": plateaus(checkpointed),
    "wait": seconds_per_call(lambda: time.sleep(0.01), repeats=3),
}}
for i, (a, b) in enumerate(zip(gradients(checkpointed), gradients(plain))):
    results[f"checkpointed {{i}}"], results[f"plain {{i}}"] = a, b
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, numpy.ndarray]]:
    programs = {key: PROGRAM.format(gradients=text) for key, text in GRADIENTS.items()}
    return run_cells(tmp_path_factory.mktemp("measured"), DOCNAME, CELLS, programs)


def _training_in_numpy(steps: int = 20) -> list[float]:
    """Losses of the section's training, in double precision, with derivatives written out by hand."""
    config = {"inputs": 8, "width": 16, "hidden": 32, "blocks": 3, "outputs": 4}
    rng, rule = numpy.random.default_rng(0), numpy.random.default_rng(7)
    sizes = {"stem": (8, 16)}
    for i in range(config["blocks"]):
        sizes |= {f"{i}/up": (16, 32), f"{i}/down": (32, 16)}
    sizes["head"] = (16, 4)
    w = {}
    for path, (n, m) in sizes.items():
        w[path] = rng.normal(0, n**-0.5, (n, m)), rng.normal(0, 0.1, m)
    w = {path: [a.astype("float32").astype(float) for a in pair] for path, pair in w.items()}
    first, second = rule.normal(size=(8, 32)), rule.normal(size=(32, 4))
    x0 = numpy.random.default_rng(0).normal(size=(256, 8)).astype("float32").astype(float)
    labels = numpy.argmax(numpy.tanh(x0 @ first) @ second, axis=1)
    speed = {path: [numpy.zeros_like(a) for a in pair] for path, pair in w.items()}
    losses = []
    for _ in range(steps):
        x, saved = x0 @ w["stem"][0] + w["stem"][1], []
        for i in range(3):
            h = numpy.maximum(x @ w[f"{i}/up"][0] + w[f"{i}/up"][1], 0)
            saved.append((x, h))
            x = x + h @ w[f"{i}/down"][0] + w[f"{i}/down"][1]
        scores = x @ w["head"][0] + w["head"][1]
        scores -= scores.max(axis=1, keepdims=True)
        p = numpy.exp(scores) / numpy.exp(scores).sum(axis=1, keepdims=True)
        losses.append(float(-numpy.log(p[numpy.arange(256), labels]).mean()))
        d = (p - numpy.eye(4)[labels]) / 256
        slope = {"head": (x.T @ d, d.sum(0))}
        d = d @ w["head"][0].T
        for i in (2, 1, 0):
            x, h = saved[i]
            slope[f"{i}/down"] = (h.T @ d, d.sum(0))
            inner = (d @ w[f"{i}/down"][0].T) * (h > 0)
            slope[f"{i}/up"] = (x.T @ inner, inner.sum(0))
            d = d + inner @ w[f"{i}/up"][0].T
        slope["stem"] = (x0.T @ d, d.sum(0))
        for path, pair in w.items():
            for j in range(2):
                speed[path][j] = 0.9 * speed[path][j] + slope[path][j]
                pair[j] -= 0.1 * speed[path][j]
    return losses


@pytest.mark.kernels
def test_training_gives_the_same_losses_everywhere_and_those_of_numpy(measured):
    # 20 steps in float32 (spacing 6e-8 at 1): each multiplies a rounding error by a factor near 1
    expected = _training_in_numpy()
    for values in measured.values():
        numpy.testing.assert_allclose(values["losses"], expected, rtol=0, atol=1e-4)
    assert f"{expected[0]:.2f} to {expected[-1]:.2f}" == "1.77 to 0.34"  # as the ledger says


@pytest.mark.kernels
def test_checkpointing_changes_no_gradient_and_all_frameworks_have_the_same(measured):
    def gradients(values, kind):
        return sorted((values[n] for n in values if n.startswith(kind)), key=lambda g: (g.shape, g.sum()))

    for values in measured.values():
        for i in range(16):
            a, b = values[f"plain {i}"], values[f"checkpointed {i}"]
            numpy.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
            assert numpy.abs(a).max() > 1e-4
    for first, second in combinations(measured.values(), 2):  # after 20 steps of training
        for a, b in zip(gradients(first, "plain"), gradients(second, "plain"), strict=True):
            numpy.testing.assert_allclose(a, b, rtol=0, atol=1e-4)


@pytest.mark.kernels
def test_the_plateaus_of_a_step_are_those_predicted(measured):
    for key, values in measured.items():
        assert values["W"] == 4 * (9 * 512 + 4 * (513 * 1024 + 1025 * 512) + 513 * 4)
        assert values["A"] == 4 * 1024 * (8 + 4 * (512 + 1024) + 512)
        levels, predicted = values["levels"], values["predicted"]
        quiet = [0, 2, 3, 4, 6, 7]  # all but the ends of the forward passes
        # small tensors (loss, states of a few bytes) and MXNet's four digits; TensorFlow counts whole chunks
        slack = 0.1 if key == "tensorflow" else 0.02
        numpy.testing.assert_allclose(levels[quiet], predicted[quiet], rtol=0, atol=slack * values["W"])
        kept = (levels[1] - levels[0]) / values["A"]
        assert (0.99 < kept < 1.01) if key == "pytorch" else (1.1 < kept < 3), (key, kept)


@pytest.mark.kernels
def test_checkpointing_keeps_the_inputs_of_the_blocks_only(measured):
    expected = 4 * 1024 * (8 + 4 * 512 + 512)
    for values in measured.values():
        kept = values["thrifty"][1] - values["thrifty"][0]
        assert abs(kept - expected) < 0.05 * expected


@pytest.mark.kernels
def test_the_clock_measures_what_it_calls(measured):
    for values in measured.values():
        assert 0.01 <= values["wait"] < 0.5
