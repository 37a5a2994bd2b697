"""``apply_init`` does the same in four frameworks: shapes known, filled by path, nothing else touched.

Each framework runs the page's own cells; the expected shapes and outputs are computed here in NumPy.
"""

from __future__ import annotations

from itertools import combinations

import numpy
import pytest
from agreeing import run_cells

DOCNAME = "builders-guide/lazy-init"
SETUP = ("libraries", "package", "configuration", "lazy-classes")
CELLS = (*SETUP, "initial-arrays", "apply-init", "shapes-only")

# What every framework does with the names that its own program binds: `make` a network without input size,
# `norm` one with batch statistics, `chain` one in the library's container, `shared` one whose part stands
# in two places, `frozen` one whose stem does not learn, `two` one with two inputs; `read` gives a leaf as
# NumPy, `call` an output, `gradient` the gradient of the output's mean square.
COMMON = """
def drawn(path, shape):
    rng = numpy.random.default_rng(len(path) + sum(shape))
    return rng.normal(0, shape[0] ** -0.5, shape)  # float64: it must become float32

def heard(net, inputs):
    lines = []
    apply_init(net, inputs, lambda path, shape: lines.append(f"{path} {shape}"))
    return lines

def raises(net, inputs, init):
    try:
        apply_init(net, inputs, init)
    except ValueError as error:
        return str(error)
    return ""

results = {"batch": batch}
net = make()
results["returned"] = apply_init(net, batch, drawn) is None
results["output"] = call(net, batch)
results["gradient"] = gradient(net, "blocks/1/up")
results["written"] = read(net, "blocks/1/up")
results["heard"] = heard(make(), batch)
results["untouched"] = numpy.array_equal(read(net, "blocks/1/up"), results["written"])
results["count"] = d2l.count_parameters(net)

one = numpy.random.default_rng(3)
other = make()
apply_init(other, batch, lambda path, shape: one.normal(size=shape))
results["one_generator"] = read(other, "blocks/1/up")

def wrong(path, shape):
    return numpy.zeros((3, 3) if path == "stem/weight" else shape)

results["message"] = raises(net, batch, wrong)
results["after_error"] = numpy.array_equal(read(net, "blocks/1/up"), results["written"])

normed = norm()
statistics = running_mean(normed)
apply_init(normed, batch + 3)
results["drifted"] = not numpy.array_equal(statistics, running_mean(normed))
results["still_training"] = is_training(normed)
results["chain"] = heard(chain(), batch)
results["shared"] = heard(shared(), batch)
results["frozen"] = heard(frozen(), batch)
results["two"] = heard(two(), (batch, batch))
results["giant"] = d2l.count_parameters(shapes_only(config | {"width": 8192, "hidden": 16384}))
results["followed"] = output_shape(d2l.at_path(shapes_only(config), "blocks/0"), (7, 16))
"""

MEASURES = {
    "pytorch": """
def make(): return LazyMLP(**sizes)
def call(net, x): return net(torch.from_numpy(x)).detach().numpy()
def read(net, path): return d2l.at_path(net, path).weight.detach().numpy().T.copy()
def gradient(net, path):
    (net(torch.from_numpy(batch)) ** 2).mean().backward()
    return d2l.at_path(net, path).weight.grad.numpy().T
def norm(): return nn.Sequential(nn.LazyBatchNorm1d(), nn.LazyLinear(3))
def running_mean(net):
    mean = net[0].running_mean
    return numpy.zeros(8) if isinstance(mean, nn.parameter.UninitializedBuffer) else mean.numpy().copy()
def is_training(net): return all(module.training for module in net.modules())
def chain(): return nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.LazyLinear(4))
def shared():
    layer = nn.LazyLinear(8)
    return nn.Sequential(layer, layer)
def frozen():
    net = d2l.specimen(config)  # a lazy layer cannot be frozen before its first batch
    net.stem.requires_grad_(False)
    return net
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.LazyLinear(3), nn.LazyLinear(3)
    def forward(self, a, b): return self.left(a) + self.right(b)
two = Two
""",
    "tensorflow": """
def make(): return LazyMLP(**sizes)
def call(net, x): return net(ops.convert_to_tensor(x)).numpy()
def read(net, path): return d2l.at_path(net, path).kernel.numpy()
def gradient(net, path):
    with tf.GradientTape() as tape:
        loss = ops.mean(net(X) ** 2)
    return tape.gradient(loss, d2l.at_path(net, path).kernel.value).numpy()
def norm():
    return keras.Sequential([layers.BatchNormalization(), layers.Dense(3)])
def running_mean(net):
    return net.layers[0].moving_mean.numpy() if net.built else numpy.zeros(8)
def is_training(net): return True  # Keras has no mode that a network keeps
def chain(): return keras.Sequential([layers.Dense(16), layers.ReLU(), layers.Dense(4)])
def shared():
    class Shared(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(8)
            self.second = self.first
        def call(self, x): return self.second(self.first(x))
    return Shared()
def frozen():
    net = make()
    net.stem.trainable = False
    return net
class Two(keras.Model):
    def __init__(self):
        super().__init__()
        self.left, self.right = layers.Dense(3), layers.Dense(3)
    def call(self, a, b): return self.left(a) + self.right(b)
two = Two
""",
    "mxnet": """
def make(): return LazyMLP(**sizes)
def call(net, x): return net(np.array(x)).asnumpy()
def read(net, path): return d2l.at_path(net, path).weight.data().asnumpy().T
def gradient(net, path):
    with autograd.record():
        loss = (net(X) ** 2).mean()
    loss.backward()
    return d2l.at_path(net, path).weight.grad().asnumpy().T
def norm():
    net = nn.HybridSequential()
    net.add(nn.BatchNorm(), nn.Dense(3))
    net.initialize()
    return net
def running_mean(net):
    mean = net[0].running_mean
    return mean.data().asnumpy() if mean.shape == (8,) else numpy.zeros(8)
def is_training(net): return True  # Gluon's mode belongs to the recording, not to the network
def chain():
    net = nn.HybridSequential()
    net.add(nn.Dense(16), nn.Activation("relu"), nn.Dense(4))
    return net
def shared():
    net = nn.HybridSequential()
    layer = nn.Dense(8)
    net.add(layer, layer)
    return net
def frozen():
    net = make()
    net.stem.collect_params().setattr("grad_req", "null")
    return net
class Two(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Dense(3), nn.Dense(3)
    def hybrid_forward(self, F, a, b): return self.left(a) + self.right(b)
two = Two
""",
    "jax": """
def make(): return sized(8, **sizes)
def call(net, x): return numpy.asarray(net(x))
def read(net, path): return numpy.asarray(d2l.at_path(net, path).kernel[...])
def gradient(net, path):
    branch = nnx.grad(lambda net: (net(X) ** 2).mean())(net)
    for step in path.split("/"):
        branch = branch[int(step) if step.isdigit() else step]
    return numpy.asarray(branch["kernel"][...])
def norm():
    rngs = nnx.Rngs(0)
    return nnx.Sequential(nnx.BatchNorm(8, rngs=rngs), nnx.Linear(8, 3, rngs=rngs))
def running_mean(net): return numpy.asarray(net.layers[0].mean[...])
def is_training(net): return not net.layers[0].use_running_average
def chain():
    rngs = nnx.Rngs(0)
    return nnx.Sequential(nnx.Linear(8, 16, rngs=rngs), nnx.relu, nnx.Linear(16, 4, rngs=rngs))
def shared():
    layer = nnx.Linear(8, 8, rngs=nnx.Rngs(0))
    return nnx.Sequential(layer, layer)
def frozen(): return None  # Flax marks nothing: what is trained is said to the optimizer
class Two(nnx.Module):
    def __init__(self):
        self.left = nnx.Linear(8, 3, rngs=nnx.Rngs(0))
        self.right = nnx.Linear(8, 3, rngs=nnx.Rngs(0))
    def __call__(self, a, b): return self.left(a) + self.right(b)
two = Two
""",
}

# float32 sums of at most 32 terms of size about 1, through eight layers.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, numpy.ndarray]]:
    without_frozen = COMMON.replace('results["frozen"] = heard(frozen(), batch)\n', "")
    programs = {key: own + (without_frozen if key == "jax" else COMMON) for key, own in MEASURES.items()}
    return run_cells(tmp_path_factory.mktemp("measured"), DOCNAME, CELLS, programs)


def _shapes() -> dict[str, tuple[int, ...]]:
    """The specimen's shapes, matrices as `(in, out)`, written out from its configuration."""
    linear = {"stem": (8, 16), "head": (16, 4)}
    for i in range(3):
        linear |= {f"blocks/{i}/up": (16, 32), f"blocks/{i}/down": (32, 16)}
    shapes = {f"{path}/weight": shape for path, shape in linear.items()}
    return shapes | {f"{path}/bias": shape[1:] for path, shape in linear.items()}


def _drawn(path: str, shape: tuple[int, ...]) -> numpy.ndarray:
    return numpy.random.default_rng(len(path) + sum(shape)).normal(0, shape[0] ** -0.5, shape)


def _by_hand(batch: numpy.ndarray) -> numpy.ndarray:
    arrays = {path: _drawn(path, shape) for path, shape in _shapes().items()}

    def affine(path: str, x: numpy.ndarray) -> numpy.ndarray:
        return x @ arrays[f"{path}/weight"] + arrays[f"{path}/bias"]

    x = affine("stem", batch.astype(float))
    for i in range(3):
        x = x + affine(f"blocks/{i}/down", numpy.maximum(affine(f"blocks/{i}/up", x), 0))
    return affine("head", x)


@pytest.mark.kernels
def test_an_initializer_is_asked_for_every_path_in_order(measured):
    expected = [f"{path} {shape}" for path, shape in sorted(_shapes().items())]
    for values in measured.values():
        assert list(values["heard"]) == expected
        assert values["returned"]
        assert values["count"] == 3428


@pytest.mark.kernels
def test_the_same_initializer_gives_the_same_output_as_numpy(measured):
    for values in measured.values():
        assert values["output"].dtype == numpy.float32
        numpy.testing.assert_allclose(values["output"], _by_hand(values["batch"]), **TOLERANCE)


@pytest.mark.kernels
def test_the_same_initializer_gives_the_same_gradient(measured):
    for first, second in combinations(measured.values(), 2):
        assert first["gradient"].shape == (16, 32)
        assert numpy.abs(first["gradient"]).max() > 1e-3
        numpy.testing.assert_allclose(first["gradient"], second["gradient"], **TOLERANCE)


@pytest.mark.kernels
def test_what_is_written_is_what_was_drawn(measured):
    expected = _drawn("blocks/1/up/weight", (16, 32)).astype("float32")
    for values in measured.values():
        assert numpy.array_equal(values["written"], expected)


@pytest.mark.kernels
def test_one_random_generator_gives_every_framework_the_same_numbers(measured):
    rng = numpy.random.default_rng(3)
    drawn = {path: rng.normal(size=shape) for path, shape in sorted(_shapes().items())}
    for values in measured.values():
        assert numpy.array_equal(values["one_generator"], drawn["blocks/1/up/weight"].astype("float32"))


@pytest.mark.kernels
def test_none_and_a_wrong_shape_leave_the_network_as_it_was(measured):
    for values in measured.values():
        assert values["untouched"]
        assert str(values["message"]) == "stem/weight has shape (8, 16), but the initializer gave (3, 3)"
        assert values["after_error"]


@pytest.mark.kernels
def test_the_dry_run_leaves_statistics_and_mode_alone(measured):
    for values in measured.values():
        assert not values["drifted"]
        assert values["still_training"]


@pytest.mark.kernels
def test_chains_are_numbered_and_shared_parts_asked_once(measured):
    for values in measured.values():
        first, last = ["0/bias (16,)", "0/weight (8, 16)"], ["2/bias (4,)", "2/weight (16, 4)"]
        assert list(values["chain"]) == first + last
        assert len(values["shared"]) == 2


@pytest.mark.kernels
def test_what_does_not_learn_is_not_asked(measured):
    expected = [f"{path} {shape}" for path, shape in sorted(_shapes().items()) if "stem" not in path]
    for framework, values in measured.items():
        if framework != "jax":
            assert list(values["frozen"]) == expected


@pytest.mark.kernels
def test_several_inputs_come_as_a_tuple(measured):
    expected = ["left/bias (3,)", "left/weight (8, 3)", "right/bias (3,)", "right/weight (8, 3)"]
    for values in measured.values():
        assert list(values["two"]) == expected


@pytest.mark.kernels
def test_a_network_of_shapes_is_counted_and_followed(measured):
    for values in measured.values():
        assert values["giant"] == 12 * 8192**2 + 22 * 8192 + 4
        assert tuple(values["followed"]) == (7, 16)
