"""What the page on numerics predicts and measures, in all four frameworks from the same NumPy weights.

The oracles are independent of the page: rounding on the bits of float32, the specimen in double precision.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy
import pytest
from agreeing import run_cells

DOCNAME = "builders-guide/numerics"
CELLS = (
    "libraries",
    "package",
    "limits",
    "round-to",
    "through",
    "rounded-forward",
    "stall",
    "three-sums",
    "softmax",
    "cross-entropy",
    "task",
    "train",
    "predict-lost",
    "gradient",
    "dynamic-scale",
)

# By framework: training in (stored, computed) types, 16 bits being bfloat16 (MXNet: float16), the gradient
# of the stem's weight as (in, out), and value and gradient of the loss on the logits (0, 50, 200).
MEASURE = {
    "pytorch": """
f32, bf16 = torch.float32, torch.bfloat16
runs = [train(f32, f32, 200), train(bf16, bf16, 200), train(f32, bf16, 200)]
before, once = train(bf16, bf16, 0)[1], train(bf16, bf16, 1)[1]
own = start(f32)
stem = torch.autograd.grad(loss_of(own, f32), own["stem.weight"])[0].numpy().T
value, slope = from_logits(z).item(), torch.func.grad(from_logits)(z).numpy()
stalled = [stall(1.0, torch.float16), stall(0.1, torch.float16)]
""",
    "tensorflow": """
runs = [train("float32", 200), train("bfloat16", 200), train("mixed_bfloat16", 200)]
before, once = train("bfloat16", 0)[1], train("bfloat16", 1)[1]
net = start("float32")
with tf.GradientTape() as tape:
    loss = loss_of(net)
stem = tape.gradient(loss, net.stem.kernel.value).numpy()
with tf.GradientTape() as tape:
    tape.watch(z)
    value = from_logits(z)
value, slope = float(value), tape.gradient(value, z).numpy()
stalled = [stall(1.0, "float16"), stall(0.1, "float16")]
""",
    "mxnet": """
runs = [train("float32", 200), train("float16", 200), train("float16", 200, master=True)]
before, once = train("float16", 0)[1], train("float16", 1)[1]
net = start("float32")
with autograd.record():
    loss = loss_of(net, "float32")
loss.backward()
stem = net.stem.weight.grad().asnumpy().T
with autograd.record():
    value = from_logits(z)
value.backward()
value, slope = value.item(), z.grad.asnumpy()
stalled = [stall(1.0, "float16"), stall(0.1, "float16")]
""",
    "jax": """
runs = [train("float32", "float32", 200), train("bfloat16", "bfloat16", 200)]
runs += [train("float32", "bfloat16", 200)]
before, once = train("bfloat16", "bfloat16", 0)[1], train("bfloat16", "bfloat16", 1)[1]
stem = numpy.asarray(jax.grad(loss_of)(initial, "float32")["stem"]["kernel"][...])
value, slope = jax.value_and_grad(from_logits)(z)
value, slope = float(value), numpy.asarray(slope)
stalled = [stall(1.0, "float16"), stall(0.1, "float16")]
""",
}
PROGRAM = """
numbers = numpy.random.default_rng(5).normal(size=2000).astype("float32")
{measure}
bits = 10 if "bfloat16" not in halves else 7
terms = numpy.random.default_rng(6).random((1024, 8)).astype("float16")
results = dict(
    numbers=numbers, float16=through(numbers, "float16"), bfloat16=through(numbers, "bfloat16"),
    rounded=numpy.stack([round_to(numbers, p) for p in range(1, 23)]),
    emulated=forward(10), exact=forward(52), inputs=inputs, labels=labels,
    losses=numpy.array([losses for losses, _ in runs]), stem=stem, value=value, slope=slope, stalled=stalled,
    predicted=lost_share(w, step, bits), measured=(before == once).mean(),
    float32_gradient=numpy.sort(g), float16_gradient=numpy.sort(gradient("float16", 1.0)),
    infinite=numpy.isinf(gradient("float16", 2.0**17)).sum(),
    finite=numpy.isfinite(gradient("float16", 2.0**16)).all(),
    terms=terms, running=running(terms), pairwise=pairwise(terms), compensated=compensated(terms),
    skipped=skipped, **{{"weights:" + path: array for path, array in arrays.items()}},
)
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, numpy.ndarray]]:
    programs = {key: PROGRAM.format(measure=measure) for key, measure in MEASURE.items()}
    return run_cells(tmp_path_factory.mktemp("measured"), DOCNAME, CELLS, programs)


def _cut(x: numpy.ndarray, bits: int) -> numpy.ndarray:
    """float32 rounded to nearest even at a fraction bit, by integer arithmetic on its pattern."""
    drop = 23 - bits
    pattern = x.view(numpy.uint32).astype(numpy.uint64)
    half_minus_one = numpy.uint64((1 << (drop - 1)) - 1)
    odd = (pattern >> numpy.uint64(drop)) & numpy.uint64(1)
    kept = ((pattern + half_minus_one + odd) >> numpy.uint64(drop)) << numpy.uint64(drop)
    return kept.astype(numpy.uint32).view(numpy.float32)


def _specimen(values: dict[str, numpy.ndarray], x: numpy.ndarray) -> numpy.ndarray:
    """The specimen in double precision."""

    def affine(path: str, x: numpy.ndarray) -> numpy.ndarray:
        return x @ values[f"weights:{path}/weight"].astype(float) + values[f"weights:{path}/bias"]

    x = affine("stem", x.astype(float))
    for i in range(3):
        x = x + affine(f"blocks/{i}/down", numpy.maximum(affine(f"blocks/{i}/up", x), 0))
    return affine("head", x)


@pytest.mark.kernels
def test_rounding_to_bits_is_that_of_the_pattern(measured):
    for values in measured.values():
        for bits, rounded in zip(range(1, 23), values["rounded"], strict=True):
            assert numpy.array_equal(rounded, _cut(values["numbers"], bits))


@pytest.mark.kernels
def test_conversions_round_to_nearest_even(measured):
    for values in measured.values():
        assert numpy.array_equal(values["float16"], values["numbers"].astype("float16").astype("float32"))
        assert numpy.array_equal(values["bfloat16"], _cut(values["numbers"], 7))


@pytest.mark.kernels
def test_the_emulated_matrix_unit_loses_what_ten_bits_lose(measured):
    for values in measured.values():
        by_hand = _specimen(values, values["inputs"])
        numpy.testing.assert_allclose(values["exact"], by_hand, rtol=0, atol=1e-12)
        error = abs(values["emulated"] - by_hand).max() / abs(by_hand).max()
        assert 2**-13 < error < 2**-9


@pytest.mark.kernels
def test_three_ways_to_add_keep_their_bounds(measured):
    for values in measured.values():
        exact = numpy.array([math.fsum(column) for column in values["terms"].astype(float).T])
        u, n = 2.0**-11, len(values["terms"])
        # Compensated summation has a second term, of the order of n times the square of u.
        bounds = {"running": (n - 1) * u, "pairwise": math.log2(n) * u, "compensated": 2 * u + n * u**2}
        errors = {way: abs(values[way].astype(float) - exact) / exact for way in bounds}
        assert all((errors[way] <= bound).all() for way, bound in bounds.items())
        assert errors["running"].max() > 4 * errors["compensated"].max()


@pytest.mark.kernels
def test_sums_and_losses_are_as_derived(measured):
    for values in measured.values():
        assert values["stalled"].tolist() == [2048.0, 256.0]
        assert values["value"] == 200.0
        assert values["slope"].tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.kernels
def test_the_first_loss_is_that_of_double_precision(measured):
    for values in measured.values():
        z = _specimen(values, values["inputs"])
        z = z - z.max(axis=1, keepdims=True)
        chosen = z[numpy.arange(len(z)), values["labels"]]
        loss = (numpy.log(numpy.exp(z).sum(axis=1)) - chosen).mean()
        # A mean of 256 float32 losses; 16 bits in the network move each logit by some units of 2**-8.
        numpy.testing.assert_allclose(values["losses"][0, 0], loss, rtol=1e-5)
        numpy.testing.assert_allclose(values["losses"][1:, 0], loss, rtol=2**-8)


@pytest.mark.kernels
def test_the_same_weights_give_the_same_gradients(measured):
    for first, second in combinations(measured.values(), 2):
        # Sums over 256 examples in float32, entries up to 0.6; in float16 a few units of 2**-11 of that.
        numpy.testing.assert_allclose(first["stem"], second["stem"], rtol=1e-4, atol=1e-6)
        numpy.testing.assert_allclose(
            first["float32_gradient"], second["float32_gradient"], rtol=1e-4, atol=1e-6
        )
        numpy.testing.assert_allclose(
            first["float16_gradient"], second["float16_gradient"], rtol=0, atol=4 * 2**-11 * 0.62
        )
    assert all(abs(values["stem"]).max() > 1e-2 for values in measured.values())


@pytest.mark.kernels
def test_the_same_weights_train_alike_and_short_weights_stall(measured):
    for values in measured.values():
        full, short, master = values["losses"]
        assert numpy.all(numpy.diff(full) < 0)
        numpy.testing.assert_allclose(master, full, rtol=0.01)
        assert short[-1] > full[-1] * 1.02
    for first, second in combinations(measured.values(), 2):
        numpy.testing.assert_allclose(first["losses"][0], second["losses"][0], rtol=1e-4)
    for first, second in combinations([v for key, v in measured.items() if key != "mxnet"], 2):
        numpy.testing.assert_allclose(first["losses"][1], second["losses"][1], rtol=0.01)
        assert first["losses"][1, -1] > 1.3 * first["losses"][0, -1]


@pytest.mark.kernels
def test_the_share_of_lost_steps_is_predicted(measured):
    for key, values in measured.items():
        assert abs(values["predicted"] - values["measured"]) < 0.01, key
        assert abs(values["measured"] - (0.19 if key == "mxnet" else 0.666)) < 0.01, key


@pytest.mark.kernels
def test_the_scale_that_the_gradient_bears_is_predicted(measured):
    for values in measured.values():
        assert values["infinite"] > 0
        assert values["finite"]
        assert values["skipped"] == 8
