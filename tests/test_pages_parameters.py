"""The section on parameters: saved functions, tied gradients, training steps and bytes in four frameworks.

One process per framework runs the page's own cells and then the program below; the oracles are NumPy in
double precision, written here.
"""

from __future__ import annotations

from itertools import combinations

import numpy
import pytest
from agreeing import run_cells

DOCNAME = "builders-guide/parameters"
CELLS = (
    *("libraries", "package", "specimen", "write", "leaves", "normed", "tied", "examples"),
    *("gradients", "step", "average", "kept"),
)
CONFIG = {"inputs": 8, "width": 16, "hidden": 32, "blocks": 3, "outputs": 4}

# What each framework must say in its own words: a half-precision layer, a network in a container with a
# constant and running statistics, everything frozen, and a layer whose size is not known yet.
OWN = {
    "pytorch": """
flip = lambda path, a: a.T
half = nn.Linear(8, 4).half()
box = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4))
box.register_buffer("mask", torch.ones(3))
def freeze(net):
    net.requires_grad_(False)
lazy = nn.LazyLinear(4)
""",
    "tensorflow": """
flip = lambda path, a: a
half = layers.Dense(4, dtype="float16")
half.build((None, 8))
box = keras.Sequential([layers.Dense(4), layers.BatchNormalization()])
box(numpy.zeros((1, 8), "float32"))
def freeze(net):
    net.trainable = False
lazy = None
class Nest(keras.Layer):
    def __init__(self):
        super().__init__()
        self.parts = {"a": [layers.Dense(3)], "b": (layers.Dense(2),)}
        self.scale = self.add_weight(shape=(5,), name="other")
        self.fixed = self.add_weight(shape=(7,), trainable=False)
nest = Nest()
for part in (nest.parts["a"][0], nest.parts["b"][0]):
    part.build((None, 8))
found = d2l.named_leaves(nest)
assert list(found) == [
    "parts/a/0/kernel", "parts/a/0/bias", "parts/b/0/kernel", "parts/b/0/bias", "scale"], list(found)
assert found["scale"] is nest.scale
class Hidden(keras.Layer):
    def __init__(self):
        super().__init__()
        self._inner = layers.Dense(2)
        self._w = self.add_weight(shape=(6,), name="other")
    def build(self, shape):
        self.add_weight(shape=(3,), name="unassigned")
        self._inner.build(shape)
hidden = Hidden()
hidden.build((None, 4))
attention = layers.MultiHeadAttention(2, 4)
attention.build((None, 3, 8), (None, 3, 8))
for part, known in ((hidden, "_inner/kernel"), (hidden, "_w"), (attention, "query_dense/kernel")):
    found = d2l.named_leaves(part)
    assert known in found, list(found)
    assert sorted(map(id, found.values())) == sorted(map(id, part.trainable_variables))
    assert all(d2l.at_path(part, path) is leaf for path, leaf in found.items())
    assert d2l.parameter_bytes(part) == 4 * part.count_params()
""",
    "mxnet": """
flip = lambda path, a: a.T
half = nn.Dense(4, in_units=8)
half.initialize()
half.cast("float16")
class Box(nn.HybridSequential):
    def __init__(self):
        super().__init__()
        self.mask = self.params.get_constant("mask", np.ones(3))
        self.add(nn.Dense(4, in_units=8), nn.BatchNorm(in_channels=4))
box = Box()
box.initialize()
def freeze(net):
    net.collect_params().setattr("grad_req", "null")
lazy = nn.Dense(4)
""",
    "jax": """
flip = lambda path, a: a
rngs = nnx.Rngs(0)
half = nnx.Linear(8, 4, param_dtype=jnp.float16, rngs=rngs)
box = nnx.Sequential(nnx.Linear(8, 4, rngs=rngs), nnx.BatchNorm(4, rngs=rngs))
box.mask = jnp.ones(3)
def freeze(net):
    pass
lazy = None
""",
}
PROGRAM = """
def common(found):
    return {path.replace("kernel", "weight"): flip(path, a) for path, a in found.items()}

results = {"x": x, "y": y}
results |= {"arrays:" + path: a for path, a in arrays.items()}

net = fresh()
leaves = d2l.named_leaves(net)
results["live"] = all(d2l.at_path(net, path) is leaf for path, leaf in leaves.items())
results["paths"] = numpy.array([path.replace("kernel", "weight") for path in leaves])
results["bytes"] = d2l.parameter_bytes(net)
freeze(net)
seen = d2l.count_parameters(net), len(d2l.named_leaves(net))
results["frozen"] = numpy.array([d2l.parameter_bytes(net), *seen])
results["half"] = numpy.array([d2l.parameter_bytes(half), len(d2l.named_leaves(half))])
results["box"] = numpy.array([d2l.parameter_bytes(box), len(d2l.named_leaves(box))])
results["tied"] = numpy.array([d2l.parameter_bytes(tied), len(d2l.named_leaves(tied))])
results["normed"] = numpy.array([d2l.parameter_bytes(normed), len(d2l.named_leaves(normed))])
results["tied first"] = any(path.startswith("blocks/0/up") for path in d2l.named_leaves(tied))
results["refused"] = lazy is None
if lazy is not None:
    try:
        d2l.parameter_bytes(lazy)
    except ValueError:
        results["refused"] = True

copied = values(fresh())
results |= {"gradient:" + path: a for path, a in common(gradients(fresh(), x, y)).items()}
d2l.load_arrays(tied, {path: a for path, a in arrays.items() if "blocks/2/up" not in path})
results |= {"tied:" + path: a for path, a in common(gradients(tied, x, y)).items()}
net, average = fresh(), fresh()
optimizer = sgd(net, 0.1, momentum=0.9)
results["losses"] = numpy.array([step(net, optimizer, x, y) for _ in range(5)])
results |= {"trained:" + path: a for path, a in common(values(net)).items()}
update_average(average, net, 0.75)
results |= {"average:" + path: a for path, a in common(values(average)).items()}
results["independent"] = all(numpy.array_equal(a, copied[p]) for p, a in values(fresh()).items())
results["kept"] = kept_bytes(fresh(), make_examples(config, 96)[0])
for seed in (0, 3):
    inputs, labels = d2l.make_examples(config | {"outputs": 3}, 50, seed=seed)
    results[f"inputs:{seed}"], results[f"labels:{seed}"] = inputs, labels
"""

# Five steps amplify the rounding of float32 sums (spacing 6e-8 at 1) through eight layers and the momentum.
GRADIENT = {"rtol": 1e-4, "atol": 1e-6}
TRAINED = {"rtol": 1e-3, "atol": 1e-5}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, numpy.ndarray]]:
    programs = {key: own + PROGRAM for key, own in OWN.items()}
    return run_cells(tmp_path_factory.mktemp("measured"), DOCNAME, CELLS, programs)


def _part(values: dict[str, numpy.ndarray], prefix: str) -> dict[str, numpy.ndarray]:
    return {name[len(prefix) :]: a for name, a in values.items() if name.startswith(prefix)}


def _backward(
    weights: dict[str, numpy.ndarray], x: numpy.ndarray, y: numpy.ndarray
) -> tuple[float, dict[str, numpy.ndarray]]:
    """Loss and gradients of the specimen, by hand and in double precision."""
    p = {name: a.astype(float) for name, a in weights.items()}
    h, ups, gradient = x @ p["stem/weight"] + p["stem/bias"], [], {}
    states = [h]
    for i in range(CONFIG["blocks"]):
        ups.append(numpy.maximum(h @ p[f"blocks/{i}/up/weight"] + p[f"blocks/{i}/up/bias"], 0))
        h = h + ups[-1] @ p[f"blocks/{i}/down/weight"] + p[f"blocks/{i}/down/bias"]
        states.append(h)
    scores = h @ p["head/weight"] + p["head/bias"]
    scores -= scores.max(1, keepdims=True)
    chances = numpy.exp(scores) / numpy.exp(scores).sum(1, keepdims=True)
    loss = -numpy.log(chances[numpy.arange(len(y)), y]).mean()
    d = (chances - numpy.eye(CONFIG["outputs"])[y]) / len(y)

    def layer(path: str, inputs: numpy.ndarray, d: numpy.ndarray) -> numpy.ndarray:
        gradient[f"{path}/weight"], gradient[f"{path}/bias"] = inputs.T @ d, d.sum(0)
        return d @ p[f"{path}/weight"].T

    d = layer("head", states[-1], d)
    for i in reversed(range(CONFIG["blocks"])):
        inner = layer(f"blocks/{i}/down", ups[i], d) * (ups[i] > 0)
        d = d + layer(f"blocks/{i}/up", states[i], inner)
    layer("stem", x.astype(float), d)
    return loss, gradient


@pytest.mark.kernels
def test_named_leaves_are_the_live_parameters_by_path(measured):
    for values in measured.values():
        assert values["live"]
        assert sorted(values["paths"]) == sorted(_part(values, "arrays:"))


@pytest.mark.kernels
def test_parameter_bytes_count_what_is_frozen_and_not_what_is_shared_twice_or_a_buffer(measured):
    for key, values in measured.items():
        assert values["bytes"] == 4 * 3428
        seen = 3428 if key == "jax" else 0  # Flax marks nothing
        assert values["frozen"].tolist() == [4 * 3428, seen, 16]
        assert values["half"].tolist() == [2 * 36, 2]
        assert values["box"].tolist() == [4 * (36 + 8), 4]
        assert values["tied"].tolist() == [4 * (3428 - 544), 14]
        assert values["tied first"]
        assert values["normed"].tolist() == [4 * 3428, 16]
        assert values["refused"]


@pytest.mark.kernels
def test_gradients_are_those_of_the_chain_rule(measured):
    for values in measured.values():
        _, expected = _backward(_part(values, "arrays:"), values["x"], values["y"])
        found = _part(values, "gradient:")
        assert found.keys() == expected.keys()
        for path, gradient in expected.items():
            numpy.testing.assert_allclose(found[path], gradient, **GRADIENT)
            assert numpy.abs(gradient).max() > 1e-3


@pytest.mark.kernels
def test_the_gradient_of_a_tied_parameter_is_the_sum_over_its_places(measured):
    for values in measured.values():
        arrays = _part(values, "arrays:")
        for kind in ("weight", "bias"):
            arrays[f"blocks/2/up/{kind}"] = arrays[f"blocks/0/up/{kind}"]
        _, parts = _backward(arrays, values["x"], values["y"])
        found = _part(values, "tied:")
        assert found.keys() == {path for path in parts if not path.startswith("blocks/2/up")}
        for path, gradient in found.items():
            twin = path.replace("blocks/0/up", "blocks/2/up")
            expected = parts[path] + (parts[twin] if twin != path else 0)
            numpy.testing.assert_allclose(gradient, expected, **GRADIENT)


@pytest.mark.kernels
def test_five_steps_with_momentum_lead_to_the_same_weights(measured):
    for values in measured.values():
        weights = {path: a.astype(float) for path, a in _part(values, "arrays:").items()}
        speed = {path: numpy.zeros_like(a) for path, a in weights.items()}
        for found in values["losses"]:
            loss, gradient = _backward(weights, values["x"], values["y"])
            numpy.testing.assert_allclose(found, loss, **TRAINED)
            for path in weights:
                speed[path] = 0.9 * speed[path] - 0.1 * gradient[path]
                weights[path] = weights[path] + speed[path]
        for path, a in _part(values, "trained:").items():
            numpy.testing.assert_allclose(a, weights[path], **TRAINED)


@pytest.mark.kernels
def test_an_average_moves_a_quarter_of_the_way_and_copies_do_not_move(measured):
    for values in measured.values():
        start, last = _part(values, "arrays:"), _part(values, "trained:")
        for path, a in _part(values, "average:").items():
            numpy.testing.assert_allclose(a, 0.75 * start[path] + 0.25 * last[path], rtol=1e-5, atol=1e-6)
        assert values["independent"]


@pytest.mark.kernels
def test_bytes_kept_for_the_backward_pass_are_those_of_the_text(measured):
    numbers = {"pytorch": 168, "tensorflow": 168, "mxnet": 212, "jax": 288}
    assert {key: int(values["kept"]) for key, values in measured.items()} == {
        key: 4 * 96 * n for key, n in numbers.items()
    }


@pytest.mark.kernels
def test_examples_are_the_same_everywhere_and_follow_one_rule(measured):
    for first, second in combinations(measured.values(), 2):
        for name in [name for name in first if name.startswith(("inputs:", "labels:"))]:
            assert numpy.array_equal(first[name], second[name])
    values = measured["pytorch"]
    rule = numpy.random.default_rng(7)
    a, b = rule.normal(size=(8, 32)), rule.normal(size=(32, 3))
    for seed in (0, 3):
        inputs, labels = values[f"inputs:{seed}"], values[f"labels:{seed}"]
        assert (inputs.shape, inputs.dtype) == ((50, 8), numpy.float32)
        assert (labels.shape, labels.dtype) == ((50,), numpy.int64)
        assert numpy.array_equal(labels, (numpy.tanh(inputs.astype(float) @ a) @ b).argmax(1))
    assert not numpy.array_equal(values["inputs:0"], values["inputs:3"])
