"""What the section on inspection promises: the same outputs, gradients, failing run and records everywhere.

The oracle is the specimen in NumPy, in double precision, written here a second time.
"""

from __future__ import annotations

from itertools import combinations

import numpy
import pytest
from agreeing import run_cells

DOCNAME = "builders-guide/inspection"
CELLS = ("libraries", "package", "order", "network", "step", "sixteen", "gradients", "drift")

# What follows the page's cells: the functions as they are saved, the same program in every framework...
COMMON = """
results = {{"loss:bad": runs[8], "loss:calm": train(3, 0.05)}}
results["loss:others"] = numpy.array([runs[seed] for seed in range(16) if seed != 8])
results |= {{"drift:calm": drift(0.05), "drift:bad": drift(0.25)}}
{unhybridize}
# the failing run and 4 that start a millionth beside it: other roundings, as another machine has them
rng, results["overflow"], results["head is NaN"], results["step"] = numpy.random.default_rng(0), [], [], []
for scale in (0, 1e-6, 1e-6, 1e-6, 1e-6):
    near = {{path: (array * (1 + scale * rng.normal(size=array.shape))).astype("float32")
            for path, array in d2l.specimen_arrays(config, 8).items()}}
    d2l.load_arrays(net, near)
    losses = [step(inputs[i], labels[i], 0.25) for i in batches(8, 14)]
    failing = tensor(inputs[batches(8, 15)[14]])
    results["step"].append(numpy.isfinite(losses).all() and losses[3] > 10)
    results["overflow"].append(d2l.first_nonfinite(net, failing))
    results["head is NaN"].append(bool(numpy.isnan(d2l.capture(net, failing)["head"]).any()))
arrays = d2l.specimen_arrays(config)
d2l.load_arrays(net, arrays)
X = tensor(inputs[:32])
seen = d2l.capture(net, X)
results |= {{f"output:{{path}}": output for path, output in seen.items()}}
results["order"] = numpy.array(list(seen))
results |= {{f"slope:{{k}}": slope for k, slope in enumerate(slopes_at(net, inputs[:32], labels[:32]))}}
results["at_path"] = all(d2l.at_path(net, path) is not None for path in seen)
results["finite"] = d2l.first_nonfinite(net, X) is None
poisoned = {{path: array.copy() for path, array in arrays.items()}}
poisoned["blocks/1/down/weight"][:] = numpy.inf
d2l.load_arrays(net, poisoned)
results["poisoned"] = d2l.first_nonfinite(net, X)
d2l.load_arrays(net, arrays)

shared = d2l.specimen(config | {{"blocks": 1}})
ones = {{path: array for path, array in arrays.items() if "/1/" not in path and "/2/" not in path}}
d2l.load_arrays(shared, ones)
{share}
results |= {{f"shared:{{path}}": output for path, output in d2l.capture(shared, X).items()}}

def refused(call):
    try:
        call()
    except ValueError as error:
        return str(error)
    return ""

results["leaf"] = refused(lambda: d2l.capture(net.stem, X))
try:
    d2l.capture(net, X[:, :7])
    results["wrong shape"] = "accepted"
except Exception:
    results["wrong shape"] = "refused"
{trace}
again = d2l.capture(net, X)
results["again"] = all(numpy.array_equal(again[path], seen[path]) for path in seen)
"""
# ...but for where the frameworks differ: containers, traces, compiled networks.
SHARE = {
    "pytorch": "shared.blocks = nn.ModuleList([shared.blocks[0]] * 3)",
    "tensorflow": "shared.blocks = [shared.blocks[0]] * 3",
    "mxnet": "shared.blocks.add(*[shared.blocks[0]] * 2)",
    "jax": "shared.blocks = nnx.List([shared.blocks[0]] * 3)",
}
TRACE = {
    "pytorch": """
results["traces"] = sum(len(m._forward_hooks) for m in net.modules())
compiled = torch.compile(net, fullgraph=True, backend="eager")
compiled(X)
results["compiled"] = d2l.capture(compiled, X)["blocks/1"]
""",
    "tensorflow": """
results["traces"] = sum("call" in vars(layer) for layer in net._flatten_layers())
own = net.stem.call = lambda x, call=net.stem.call: call(x)
d2l.capture(net, X)
results["own"] = vars(net.stem)["call"] is own
del net.stem.call
""",
    "mxnet": """
blocks = []
net.apply(blocks.append)
results["traces"] = sum(len(block._forward_hooks) for block in blocks)
net.hybridize()
net(X)
results["compiled"] = refused(lambda: d2l.capture(net, X))
net.hybridize(False)
""",
    "jax": """
results["traces"] = sum(kind.__call__.__name__ != "__call__" for kind in (nnx.Linear, d2l.Residual))
class Inherits(d2l.Residual):
    pass
net.blocks[1].__class__ = Inherits
d2l.capture(net, X)
results["own"] = "__call__" not in vars(Inherits)
""",
}
# Two traps of Gluon that the text names without running them.
GLUON = """
def order(mine, numpys):
    mxnet.random.seed(mine)
    numpy.random.seed(numpys)
    loader = gluon.data.DataLoader(list(range(64)), 64, shuffle=True)
    return next(iter(loader)).tolist()
results["sampler"] = order(0, 0) == order(1, 0) and order(0, 0) != order(0, 1)
def mark(block, args, output):
    output.attach_grad()
handle = net.blocks[1].register_forward_hook(mark)
stem, head = net.stem.weight.grad().copy(), net.head.weight.grad().copy()
with autograd.record():
    value = loss(net, inputs[32:64], labels[32:64])
value.backward()
handle.detach()
results["cut"] = abs(net.stem.weight.grad() - stem).max().item()
results["uncut"] = abs(net.head.weight.grad() - head).max().item()
"""

# Sums of at most 32 terms of order 1 in float32 (spacing 6e-8 at 1), through eight layers.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}
# The same after 40 steps of training at a rate that is calm: each step adds roundings of its own.
TRAINED = {"rtol": 1e-3, "atol": 1e-4}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, numpy.ndarray]]:
    programs = {
        key: COMMON.format(
            unhybridize="net.hybridize(False)" if key == "mxnet" else "",
            share=SHARE[key],
            trace=TRACE[key] + (GLUON if key == "mxnet" else ""),
        )
        for key in SHARE
    }
    return run_cells(tmp_path_factory.mktemp("inspection"), DOCNAME, CELLS, programs)


def _weights(seed: int = 0) -> dict[str, numpy.ndarray]:
    rng = numpy.random.default_rng(seed)
    sizes = {"stem": (8, 16)}
    for i in range(3):
        sizes |= {f"blocks/{i}/up": (16, 32), f"blocks/{i}/down": (32, 16)}
    sizes["head"] = (16, 4)
    weights = {}
    for path, (n, m) in sizes.items():
        weights[f"{path}/weight"] = rng.normal(0, n**-0.5, (n, m))
        weights[f"{path}/bias"] = rng.normal(0, 0.1, m)
    return weights


def _examples() -> tuple[numpy.ndarray, numpy.ndarray]:
    rule = numpy.random.default_rng(7)
    A, B = rule.normal(size=(8, 32)), rule.normal(size=(32, 4))
    inputs = numpy.random.default_rng(1).normal(size=(512, 8)).astype("float32")[:32]
    return inputs.astype(float), numpy.argmax(numpy.tanh(inputs @ A) @ B, axis=1)


def _forward(w: dict[str, numpy.ndarray], x: numpy.ndarray, blocks: list[int]) -> dict[str, numpy.ndarray]:
    """Outputs by path; ``blocks`` says which weights each block uses, the last use of a path counts."""
    out = {"stem": x @ w["stem/weight"] + w["stem/bias"]}
    h = out["stem"]
    for i in blocks:
        up = h @ w[f"blocks/{i}/up/weight"] + w[f"blocks/{i}/up/bias"]
        down = numpy.maximum(up, 0) @ w[f"blocks/{i}/down/weight"] + w[f"blocks/{i}/down/bias"]
        h = h + down
        out |= {f"blocks/{i}/up": up, f"blocks/{i}/down": down, f"blocks/{i}": h}
    return out | {"head": h @ w["head/weight"] + w["head/bias"]}


def _slopes(w: dict[str, numpy.ndarray], x: numpy.ndarray, y: numpy.ndarray) -> list[numpy.ndarray]:
    """Gradients of the mean cross-entropy at the outputs of the stem and of the blocks."""
    out = _forward(w, x, [0, 1, 2])
    odds = numpy.exp(out["head"])
    slope = (odds / odds.sum(1, keepdims=True) - numpy.eye(4)[y]) / len(x) @ w["head/weight"].T
    found = [slope]
    for i in (2, 1, 0):
        inner = slope @ w[f"blocks/{i}/down/weight"].T * (out[f"blocks/{i}/up"] > 0)
        slope = slope + inner @ w[f"blocks/{i}/up/weight"].T
        found.insert(0, slope)
    return found


@pytest.mark.kernels
def test_capture_gives_every_module_s_output_as_numpy_computes_it(measured):
    expected = _forward(_weights(), _examples()[0], [0, 1, 2])
    for values in measured.values():
        assert list(values["order"]) == list(expected)
        assert values["at_path"]
        for path, output in expected.items():
            assert values[f"output:{path}"].dtype == numpy.float32
            numpy.testing.assert_allclose(values[f"output:{path}"], output, **TOLERANCE)


@pytest.mark.kernels
def test_gradients_between_the_layers_are_those_of_numpy(measured):
    expected = _slopes(_weights(), *_examples())
    for values in measured.values():
        for k, slope in enumerate(expected):
            numpy.testing.assert_allclose(values[f"slope:{k}"], slope, rtol=1e-3, atol=1e-6)
            assert numpy.abs(slope).max() > 1e-3


@pytest.mark.kernels
def test_of_a_shared_module_the_last_output_counts_under_its_first_path(measured):
    expected = _forward(_weights(), _examples()[0], [0, 0, 0])
    for values in measured.values():
        found = {name[7:] for name in values if name.startswith("shared:")}
        assert found == set(expected)
        for path, output in expected.items():
            numpy.testing.assert_allclose(values[f"shared:{path}"], output, **TOLERANCE)


@pytest.mark.kernels
def test_first_nonfinite_names_the_poisoned_layer_and_nothing_else(measured):
    for values in measured.values():
        assert values["finite"]
        assert str(values["poisoned"]) == "blocks/1/down"


@pytest.mark.kernels
def test_capture_refuses_what_shows_it_nothing(measured):
    for values in measured.values():
        assert str(values["leaf"]) == "no module's output was seen"
    assert str(measured["mxnet"]["compiled"]) == "no module's output was seen"


@pytest.mark.kernels
def test_capture_looks_behind_torch_compile(measured):
    values = measured["pytorch"]
    assert numpy.array_equal(values["compiled"], values["output:blocks/1"])


@pytest.mark.kernels
def test_capture_leaves_no_trace_even_after_an_error(measured):
    for values in measured.values():
        assert str(values["wrong shape"]) == "refused"
        assert int(values["traces"]) == 0
        assert values["again"]
    assert measured["tensorflow"]["own"] and measured["jax"]["own"]


@pytest.mark.kernels
def test_run_8_fails_at_step_14_everywhere_and_no_other_run_comes_near(measured):
    for values in measured.values():
        assert numpy.flatnonzero(~numpy.isfinite(values["loss:bad"]))[0] == 14
        assert values["loss:others"].max() < 10


@pytest.mark.kernels
def test_the_layer_that_overflows_does_not_depend_on_roundings(measured):
    for values in measured.values():
        assert values["step"].all()
        assert set(values["overflow"].tolist()) == {"blocks/2/up"}
        assert values["head is NaN"].all()


@pytest.mark.kernels
def test_the_calm_run_forgives_a_rounding_and_the_failing_one_does_not(measured):
    for values in measured.values():
        assert values["drift:calm"].max() < -6
        assert values["drift:bad"][-1] - values["drift:bad"][0] > 3


@pytest.mark.kernels
def test_a_calm_run_has_the_same_losses_everywhere(measured):
    for first, second in combinations(measured.values(), 2):
        assert first["loss:calm"].shape == (40,)
        numpy.testing.assert_allclose(first["loss:calm"], second["loss:calm"], **TRAINED)


@pytest.mark.kernels
def test_gluon_shuffles_with_numpys_generator(measured):
    assert measured["mxnet"]["sampler"]


@pytest.mark.kernels
def test_marking_an_intermediate_value_cuts_gluons_graph(measured):
    assert measured["mxnet"]["cut"] == 0
    assert measured["mxnet"]["uncut"] > 1e-3
