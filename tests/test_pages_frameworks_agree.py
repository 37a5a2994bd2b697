"""Given the same NumPy weights, the specimen gives the same numbers in all four frameworks.

Each framework runs the page's own cells in its own environment; what it computed comes back as NumPy arrays.
"""

from __future__ import annotations

from itertools import combinations

import numpy
import pytest
from agreeing import run_cells

DOCNAME = "builders-guide/model-construction"
CELLS = ("libraries", "configuration", "count", "residual", "specimen", "arrays", "load")

# What each framework adds to the page's cells: the output and the gradient of its mean square, as (in, out).
MEASURE = {
    "pytorch": """
X = torch.from_numpy(batch)
y = net(X)
(y**2).mean().backward()
output = y.detach().numpy()
gradient = lambda path: at_path(net, path).grad.numpy().T
""",
    "tensorflow": """
import tensorflow
with tensorflow.GradientTape() as tape:
    y = net(batch)
    loss = ops.mean(y**2)
leaves = [at_path(net, path.replace("weight", "kernel")).value for path in arrays]
gradients = dict(zip(arrays, tape.gradient(loss, leaves)))
output = y.numpy()
gradient = lambda path: gradients[path].numpy()
""",
    "mxnet": """
from mxnet import autograd
with autograd.record():
    y = net(np.array(batch))
    loss = (y**2).mean()
loss.backward()
output = y.asnumpy()
gradient = lambda path: at_path(net, path).grad().asnumpy().T
""",
    "jax": """
output = numpy.asarray(net(batch))
tree = nnx.grad(lambda net: (net(batch)**2).mean())(net)
def gradient(path):
    branch = tree
    for step in path.replace("weight", "kernel").split("/"):
        branch = branch[int(step) if step.isdigit() else step]
    return numpy.asarray(branch[...])
""",
}
PROGRAM = """
arrays = specimen_arrays(config)
net = specimen(config)
load_arrays(net, arrays)
{measure}
results = dict(output=output, count=count_parameters(net), batch=batch,
               **{{"weights:" + path: arrays[path] for path in arrays}},
               **{{"gradient:" + path: gradient(path) for path in arrays}})
"""

# Sums of at most 32 terms of size about 1 in float32 (spacing 6e-8 at 1), through eight layers.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, numpy.ndarray]]:
    programs = {key: PROGRAM.format(measure=measure) for key, measure in MEASURE.items()}
    return run_cells(tmp_path_factory.mktemp("measured"), DOCNAME, CELLS, programs)


def _by_hand(arrays: dict[str, numpy.ndarray], blocks: int = 3) -> numpy.ndarray:
    """The specimen in NumPy, in double precision."""

    def affine(path: str, x: numpy.ndarray) -> numpy.ndarray:
        return x @ arrays[f"weights:{path}/weight"].astype(float) + arrays[f"weights:{path}/bias"]

    x = affine("stem", arrays["batch"].astype(float))
    for i in range(blocks):
        x = x + affine(f"blocks/{i}/down", numpy.maximum(affine(f"blocks/{i}/up", x), 0))
    return affine("head", x)


@pytest.mark.kernels
def test_every_environment_draws_the_same_weights_and_batch(measured):
    for first, second in combinations(measured.values(), 2):
        drawn = [name for name in first if name == "batch" or name.startswith("weights:")]
        assert len(drawn) == 17
        assert all(numpy.array_equal(first[name], second[name]) for name in drawn)


@pytest.mark.kernels
def test_every_framework_counts_what_the_text_predicts(measured):
    assert {key: int(values["count"]) for key, values in measured.items()} == dict.fromkeys(MEASURE, 3428)


@pytest.mark.kernels
def test_the_same_weights_give_the_same_output_as_numpy(measured):
    for values in measured.values():
        assert values["output"].shape == (2, 4)
        assert values["output"].dtype == numpy.float32
        numpy.testing.assert_allclose(values["output"], _by_hand(values), **TOLERANCE)


@pytest.mark.kernels
def test_the_same_weights_give_the_same_gradients(measured):
    for first, second in combinations(measured.values(), 2):
        gradients = [name for name in first if name.startswith("gradient:")]
        assert len(gradients) == 16
        for name in gradients:
            assert first[name].shape == first[name.replace("gradient", "weights")].shape
            numpy.testing.assert_allclose(first[name], second[name], **TOLERANCE)
            assert numpy.abs(first[name]).max() > 1e-3


@pytest.mark.kernels
def test_a_bias_left_out_is_noticed(measured):
    """The tolerance is tight enough to see the smallest part of the network missing."""
    values = dict(measured["pytorch"])
    name = "weights:blocks/1/down/bias"
    values[name] = numpy.zeros_like(values[name])
    assert numpy.abs(_by_hand(values) - values["output"]).max() > 100 * TOLERANCE["atol"]
