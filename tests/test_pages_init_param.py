"""What the page on initialization computes from NumPy arrays is the same in four frameworks, and is right.

The oracles are written in NumPy in double precision, from the formulas and not from the page's cells.
"""

from __future__ import annotations

from itertools import combinations

import numpy
import pytest
from agreeing import run_cells

DOCNAME = "builders-guide/init-param"
CELLS = (
    "libraries",
    "package",
    "task",
    "gradients",
    "descend",
    "zeros",
    "symmetry",
    "thirty-matrices",
    "through",
    "defaults",
    "custom",
    "start",
    "stream",
    "zero-branch",
    "generators",
    "normalized",
)

# How each framework reads a layer that `refill` has filled, as (in, out), and one made by `private`.
READ = {
    "pytorch": """
make = lambda: nn.Linear(300, 200)
read = lambda layer: (layer.weight.detach().numpy().T, layer.bias.detach().numpy())
weights = lambda made: made.weight.detach().numpy()
""",
    "tensorflow": """
def make():
    made = layers.Dense(200)
    made.build((None, 300))
    return made
read = lambda layer: (layer.kernel.numpy(), layer.bias.numpy())
weights = lambda made: made.kernel.numpy()
""",
    "mxnet": """
make = lambda: nn.Dense(200, in_units=300)
read = lambda layer: (layer.weight.data().asnumpy().T, layer.bias.data().asnumpy())
weights = lambda made: made.asnumpy()
""",
    "jax": """
make = lambda: nnx.Linear(300, 200, rngs=rngs)
read = lambda layer: (numpy.asarray(layer.kernel[...]), numpy.asarray(layer.bias[...]))
weights = numpy.asarray
""",
}
PROGRAM = """
{read}
results = {{}}
results["defaults"] = numpy.array([square, varying / square])
fresh = make()
if hasattr(fresh, "initialize"):
    fresh.initialize()
results["fresh kernel"], results["fresh bias"] = (array.copy() for array in read(fresh))
for beta in (1, 30**-0.5, 0):
    start(deep, beta)
    results[f"stream:{{beta:.2f}}"] = stream(deep)
for name, arrays in dict(seeded=seeded, zeros=zeros, copied=copied).items():
    d2l.load_arrays(net, arrays)
    loss, slopes = gradients(net, arrays)
    results["loss:" + name] = loss
    results.update({{f"slope:{{name}}:{{path}}": slopes[path] for path in slopes}})
results.update({{"weights:" + path: array for path, array in seeded.items()}})
for i, begin in enumerate((zeros, constant, copied, seeded)):
    results[f"units:{{i}}"] = different_units(descend(net, begin, 100, 0.1)[0])
for std in (0.02, 0.0625):
    squares, back = through(std)
    results[f"through:{{std}}"] = numpy.array([*squares, back], dtype=float)
results["normalized"] = numpy.array([normalized(0.02), normalized(0.125)])
results["drawn"] = normals[:, 0, :8]
results["signal"] = signal[0]
layer = make()
refill(layer, 3)
results["kernel"], results["bias"] = (array.copy() for array in read(layer))
refill(layer, 0)
results["no gain"] = read(layer)[0]
results["plain"], results["strayed"] = weights(private(False)), weights(private(True))
results["public"], results["public strayed"], results["public again"] = map(
    weights, map(public, (False, True, False)))
start(net, 0)
d2l_slopes = gradients(net, seeded)[1]
results["up"], results["down"] = (d2l_slopes[f"blocks/1/{{leaf}}/weight"] for leaf in ("up", "down"))
results["inputs"], results["labels"] = inputs, labels
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, numpy.ndarray]]:
    programs = {key: PROGRAM.format(read=read) for key, read in READ.items()}
    return run_cells(tmp_path_factory.mktemp("measured"), DOCNAME, CELLS, programs)


def _loss(weights: dict[str, numpy.ndarray], inputs: numpy.ndarray, labels: numpy.ndarray) -> float:
    """Cross-entropy of the specimen in double precision."""

    def affine(path: str, x: numpy.ndarray) -> numpy.ndarray:
        return x @ weights[f"{path}/weight"] + weights[f"{path}/bias"]

    x = affine("stem", inputs.astype(float))
    for i in range(3):
        x = x + affine(f"blocks/{i}/down", numpy.maximum(affine(f"blocks/{i}/up", x), 0))
    scores = affine("head", x)
    scores = scores - scores.max(axis=1, keepdims=True)
    return float((numpy.log(numpy.exp(scores).sum(axis=1)) - scores[range(len(labels)), labels]).mean())


def _thirty() -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """The page's thirty matrices, signal and probe, drawn again."""
    rng = numpy.random.default_rng(1)
    matrices = rng.normal(size=(30, 512, 512)).astype("float32")
    return matrices, *(rng.normal(size=(64, 512)).astype("float32") for _ in range(2))


@pytest.mark.kernels
def test_the_loss_and_its_gradients_agree_and_are_those_of_finite_differences(measured):
    """float32 through eight layers and a mean of 256 terms: 1e-5 of a loss of size 1, 1e-4 of a gradient."""
    for first, second in combinations(measured.values(), 2):
        slopes = [name for name in first if name.startswith("slope:seeded:")]
        assert len(slopes) == 16
        for name in slopes:
            numpy.testing.assert_allclose(first[name], second[name], rtol=1e-4, atol=1e-5)
    values = measured["jax"]
    weights = {name[8:]: values[name].astype(float) for name in values if name.startswith("weights:")}
    assert _loss(weights, values["inputs"], values["labels"]) == pytest.approx(
        float(values["loss:seeded"]), rel=1e-5
    )
    for path, entry in (("stem/weight", (3, 5)), ("blocks/1/up/bias", (7,)), ("head/weight", (2, 1))):
        sides = []
        for change in (1e-5, -1e-5):
            moved = weights | {path: weights[path].copy()}
            moved[path][entry] += change
            sides.append(_loss(moved, values["inputs"], values["labels"]))
        slope = (sides[0] - sides[1]) / 2e-5
        assert float(values[f"slope:seeded:{path}"][entry]) == pytest.approx(slope, rel=1e-3, abs=1e-6)


@pytest.mark.kernels
def test_at_zero_only_the_bias_of_the_head_has_a_gradient(measured):
    for values in measured.values():
        assert float(values["loss:zeros"]) == pytest.approx(numpy.log(4), rel=1e-5)
        slopes = {name[12:]: values[name] for name in values if name.startswith("slope:zeros:")}
        assert [path for path, slope in slopes.items() if slope.any()] == ["head/bias"]


@pytest.mark.kernels
def test_equal_units_receive_equal_gradients_and_stay_equal(measured):
    """Equal up to the order of sums within a matrix product; other units differ by a thousand times more."""
    for values in measured.values():
        up, down = (values[f"slope:copied:blocks/0/{leaf}/weight"] for leaf in ("up", "down"))
        numpy.testing.assert_allclose(up[:, 0], up[:, 1], rtol=1e-4, atol=1e-6)
        numpy.testing.assert_allclose(down[0], down[1], rtol=1e-4, atol=1e-6)
        assert numpy.abs(up[:, 0] - up[:, 2]).max() > 1e-3
        assert [int(values[f"units:{i}"]) for i in range(4)] == [1, 1, 31, 32]


@pytest.mark.kernels
def test_thirty_layers_agree_with_numpy_forward_and_backward(measured):
    """float32 products of 512 terms through 30 layers: 1e-3 of a mean square."""
    matrices, signal, probe = _thirty()
    for values in measured.values():
        assert numpy.array_equal(values["drawn"], matrices[:, 0, :8])
        assert numpy.array_equal(values["signal"], signal[0])
    for std in (0.02, 0.0625):
        x, squares, gates = signal.astype(float), [], []
        for Z in matrices:
            x = numpy.maximum(std * (x @ Z), 0)
            gates.append(x > 0)
            squares.append((x**2).mean())
        back = probe.astype(float)
        for Z, gate in zip(matrices[::-1], gates[::-1], strict=True):
            back = std * ((back * gate) @ Z.T)
        expected = [*squares, (back**2).mean()]
        for values in measured.values():
            numpy.testing.assert_allclose(values[f"through:{std}"], expected, rtol=1e-3)
        predicted = 30 * numpy.log10(512 * std**2 / 2)
        assert numpy.abs(numpy.log10(expected[-2:]) - predicted).max() < 0.3


@pytest.mark.kernels
def test_with_normalization_the_scale_changes_the_gradient_only(measured):
    """The epsilon of 1e-5 beside variances of at least 0.1 allows for 1e-3.

    One draw of 512 normalized values: the mean square behind the rectifier scatters by 0.015 around one half.
    """
    matrices, signal, _ = _thirty()
    x = signal.astype(float)
    for Z in matrices:
        z = x @ Z
        x = numpy.maximum((z - z.mean(axis=1, keepdims=True)) / z.std(axis=1, keepdims=True), 0)
    for values in measured.values():
        (small, slope_small), (large, slope_large) = values["normalized"]
        assert abs(small - 0.5) < 3 * 0.015
        numpy.testing.assert_allclose([small, large], (x**2).mean(), rtol=5e-3)
        assert slope_small / slope_large == pytest.approx(0.125 / 0.02, rel=5e-3)


@pytest.mark.kernels
def test_our_rule_has_the_standard_deviation_asked_for_and_no_tails(measured):
    """60,000 draws estimate a standard deviation to 0.3%; four times that is allowed."""
    for values in measured.values():
        kernel = values["kernel"]
        assert kernel.shape == (300, 200)
        assert kernel.std() == pytest.approx(3 / 300**0.5, rel=0.012)
        assert numpy.abs(kernel).max() <= 2 / 0.8796 * 3 / 300**0.5 * 1.001
        assert abs(kernel.mean()) < 0.02 * kernel.std()
        assert not values["bias"].any()
        assert not values["no gain"].any()


@pytest.mark.kernels
def test_a_private_source_is_not_moved_by_a_stray_draw(measured):
    for values in measured.values():
        assert numpy.array_equal(values["plain"], values["strayed"])
        assert values["plain"].any()
        assert numpy.array_equal(values["public"], values["public again"])
        assert not numpy.array_equal(values["public"], values["public strayed"])


@pytest.mark.kernels
def test_a_zero_branch_passes_no_gradient_to_its_first_layer(measured):
    for values in measured.values():
        assert not values["up"].any()
        assert values["down"].any()


def test_the_factor_of_truncation_is_the_formula():
    """Against the density integrated numerically."""
    z = numpy.linspace(-2, 2, 200_001)
    density = numpy.exp(-(z**2) / 2)
    assert ((z**2 * density).sum() / density.sum()) ** 0.5 == pytest.approx(0.8796, abs=1e-4)


def test_the_scatter_behind_a_normalization_is_the_formula():
    """20,000 draws estimate a standard deviation to half a percent; four times that is allowed."""
    z = numpy.random.default_rng(0).normal(size=(20_000, 512))
    z = (z - z.mean(axis=1, keepdims=True)) / z.std(axis=1, keepdims=True)
    squares = (numpy.maximum(z, 0) ** 2).mean(axis=1)
    assert squares.std() == pytest.approx(((3 - 8 / numpy.pi) / 512) ** 0.5 / 2, rel=0.02)


@pytest.mark.kernels
def test_the_defaults_are_those_of_the_table(measured):
    """60,000 draws, 300 to 200: the standard deviation to 1.2%, a uniform's bound to 0.1%."""
    n, m = 300, 200
    table = {
        "pytorch": ((3 * n) ** -0.5, n**-0.5),
        "tensorflow": ((2 / (n + m)) ** 0.5, (6 / (n + m)) ** 0.5),
        "mxnet": (0.07 / 3**0.5, 0.07),
        "jax": (n**-0.5, 2 / 0.8796 * n**-0.5),
    }
    for framework, (std, bound) in table.items():
        kernel, bias = measured[framework]["fresh kernel"], measured[framework]["fresh bias"]
        assert kernel.std() == pytest.approx(std, rel=0.012)
        assert numpy.abs(kernel).max() <= bound * 1.0001
        assert numpy.abs(kernel).max() > bound * 0.99
        assert bias.any() == (framework == "pytorch")
        assert numpy.abs(bias).max() <= n**-0.5


@pytest.mark.kernels
def test_thirty_layers_of_defaults_are_as_the_page_says(measured):
    """Powers of ten within 0.5, as for any thirty layers of width 512; the bias's fixed point to a fifth."""
    for framework, power in (
        ("tensorflow", -9.0),
        ("mxnet", 30 * numpy.log10(256 * 0.07**2 / 3)),
        ("jax", -9.0),
    ):
        square, share = measured[framework]["defaults"]
        assert numpy.log10(square) == pytest.approx(power, abs=0.5)
        assert 0.03 < share < 0.08
    square, share = measured["pytorch"]["defaults"]
    assert square == pytest.approx(1 / (5 * 512), rel=0.2)
    assert share < 0.0005


@pytest.mark.kernels
def test_residual_branches_grow_by_the_formula(measured):
    """Own draws of width 64: a power of ten within 0.7 (doubling), within 0.2 (small gain), none for 0."""
    for values in measured.values():
        growth = {beta: values[f"stream:{beta}"] for beta in ("1.00", "0.18", "0.00")}
        assert all(len(squares) == 31 for squares in growth.values())
        assert numpy.log10(growth["1.00"][-1]) == pytest.approx(30 * numpy.log10(2), abs=0.7)
        assert numpy.log10(growth["0.18"][-1]) == pytest.approx(30 * numpy.log10(31 / 30), abs=0.2)
        assert (growth["0.00"] == 1).all()
