"""What is taken out of outputs, how two runs are compared, what runs and in which order: values only."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from notebook_books import copy_book, with_pages, write_page
from rich.console import Console

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.execution.compare import close, differences
from bookbuild.execution.environment import variables
from bookbuild.execution.normalise import Places, Rule, normal_outputs, rules
from bookbuild.execution.plan import plan
from bookbuild.execution.progress import Board
from bookbuild.execution.report import failed
from bookbuild.execution.values import Failure, Job
from bookbuild.pages import Cell
from bookbuild.store import CellRecord, Record

PLACES = Places(
    root="/clone", folder="/run/x1", packages="/clone/.venv/jax/lib/python3.11/site-packages",
    library="/usr/lib/python3.11",
)  # fmt: skip
RULES = rules(PLACES)


def text(value: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": value}


def value(**data: str) -> dict[str, Any]:
    mimes = {"plain": "text/plain", "svg": "image/svg+xml", "html": "text/html"}
    bundle = {mimes[k]: v for k, v in data.items()}
    return {"output_type": "execute_result", "execution_count": 7, "metadata": {}, "data": bundle}


# --- normalisation


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_a_rule_takes_out_what_it_names_and_leaves_what_looks_alike(rule: Rule) -> None:
    assert rule.varies and rule.changes and rule.leaves
    for before, after in rule.changes:
        assert rule.apply(before) == after
    for same in rule.leaves:
        assert rule.apply(same) == same


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_a_rule_changes_nothing_the_second_time(rule: Rule) -> None:
    for before, _ in rule.changes:
        assert rule.apply(rule.apply(before)) == rule.apply(before)


@pytest.mark.parametrize(("path", "short"), [
    ("/clone/d2l/torch.py", "d2l/torch.py"),
    ("/clone/.venv/jax/lib/python3.11/site-packages/jax/x.py", "site-packages/jax/x.py"),
    ("/usr/lib/python3.11/json.py", "python/json.py"),
    ("/run/x1/work/model.npz", "model.npz"),
    ("/run/x1/tmp/a", "tmp/a"),
    ("/run/x1/lib/d2l/torch.py", "d2l/torch.py"),
    ("'/clone'", "'.'"),
    ("/clone-of-mine/x", "/clone-of-mine/x"),
    ("/run/x12/a", "/run/x12/a"),
])  # fmt: skip
def test_folders_are_taken_out_of_paths(path: str, short: str) -> None:
    assert normal_outputs([text(path)], PLACES)[0]["text"] == short


def test_a_clone_in_a_short_folder_takes_nothing_out_of_addresses_and_longer_names() -> None:
    places = replace(PLACES, root="/src")
    kept = "https://example.org/src/a https://src/b sub/src/c /srcs/d ./src/e\n"
    assert normal_outputs([text(kept)], places)[0]["text"] == kept
    (found,) = normal_outputs([text("'/src/d2l/jax.py' file:///src/a (/src)\n")], places)
    assert found["text"] == "'d2l/jax.py' file://a (.)\n"


def test_streams_that_alternate_by_chance_are_joined_and_empty_ones_go() -> None:
    outputs = [text("a\n"), text("x\n", "stderr"), text("b\n"), value(plain="1"), text(" \n"), text("c")]
    kinds = [(o.get("name"), o.get("text")) for o in normal_outputs(outputs, PLACES)]
    assert kinds == [("stdout", "a\nb\n"), ("stderr", "x\n"), (None, None), ("stdout", " \nc")]


def test_framework_logs_go_from_stderr_and_stay_in_what_a_cell_prints() -> None:
    log = "I0000 00:00:1732150000.1 42 cpu_client.cc:88] made\n"
    assert normal_outputs([text(log, "stderr")], PLACES) == ()
    assert normal_outputs([text(log)], PLACES)[0]["text"] == log


def test_counts_of_execution_and_the_date_in_figures_are_not_stored() -> None:
    svg = "<svg>\n <metadata>\n  <dc:date>2026</dc:date>\n </metadata>\n <g/></svg>"
    (found,) = normal_outputs([value(svg=svg, plain="<Figure>")], PLACES)
    assert found["execution_count"] is None
    assert found["data"]["image/svg+xml"] == "<svg>\n <g/></svg>"


def test_an_error_keeps_name_message_and_the_line_that_raised() -> None:
    message = "\x1b[31m<object object at 0x7f0011223344>\x1b[0m"
    error = {"output_type": "error", "ename": "TypeError", "evalue": message, "traceback": ["long"]}
    (found,) = normal_outputs([error], PLACES, "f(1)")
    assert found["evalue"] == "<object>"
    assert found["traceback"] == ["----> f(1)", "TypeError: <object>"]


@pytest.mark.parametrize("piece", ["a", "<", "1", "/", "a.", "\x1b[", "\r", "ab\b", "<a ", "cell:", "(", "I"])
def test_a_flood_of_output_is_cut_and_takes_no_time(piece: str) -> None:
    started = time.monotonic()
    (found, *_) = normal_outputs([text(piece * 200_000 + "end")], PLACES)
    assert time.monotonic() - started < 3
    assert len(found["text"]) < 40_000


# --- comparison


def record(machine: str, **outputs: dict[str, Any]) -> Record:
    cells = tuple(CellRecord(name, "", (output,), 0) for name, output in outputs.items())
    return Record("p", "jax", "cpu", machine, "jax.cpu", "3.11", {}, "", 0, 0, {}, cells)


def cells(of: Record, *tags: str, tolerance: float | None = None) -> dict[str, Cell]:
    return {c.name: Cell(c.name, 1, 1, "", tags=tags, tolerance=tolerance) for c in of.cells}


def test_one_processor_gives_the_same_to_the_last_digit() -> None:
    old, new = record("m", a=text("0.123456\n"), b=text("1")), record("m", a=text("0.123457\n"), b=text("1"))
    assert list(differences(old, new, cells(new))) == [("a", "gives '0.123457', stored is '0.123456'")]


def test_another_processor_may_differ_in_the_last_digits() -> None:
    old, new = (
        record("m", a=value(plain="tensor([0.123456, 7.])")),
        record("n", a=value(plain="tensor([0.12346, 7.])")),
    )
    assert list(differences(old, new, cells(new))) == []


@pytest.mark.parametrize(("old", "new", "same"), [
    ("loss 0.50000", "loss 0.50001", True), ("loss 0.500", "loss 0.501", False),
    ("3 layers", "4 layers", False),
    ("[1e-9, 2]", "[-3e-9,  2]", True), ("accuracy 0.9", "precision 0.9", False), ("nan", "0.0", False),
])  # fmt: skip
def test_numbers_are_compared_as_numbers_and_words_as_words(old: str, new: str, same: bool) -> None:
    assert close(old, new) is same


def test_another_kind_of_output_and_a_new_cell_differ() -> None:
    old, new = record("m", a=text("1")), record("n", a=value(plain="1"), b=text("2"))
    assert list(differences(old, new, cells(new))) == [
        ("a", "gives execute_result, stored is stream stdout"),
        ("b", "is not in the store"),
    ]


def test_times_are_compared_by_their_words_and_devices_by_their_kind() -> None:
    old = record("m", a=text("took 0.5 s on 2 cores\n"))
    later, other = (
        record("m", a=text("took 12 s on 4 cores\n")),
        record("m", a=text("ran 0.5 s on 2 cores\n")),
    )
    assert len(list(differences(old, later, cells(old)))) == 1
    assert list(differences(old, later, cells(old, "timing"))) == []
    assert list(differences(old, other, cells(old, "timing"))) == [
        ("a", "gives 'ran 0.5 s on 2 cores', stored is 'took 0.5 s on 2 cores'")
    ]
    assert list(differences(old, other, cells(old, "device"))) == []
    value_now = record("m", a=value(plain="took 1 s on 2 cores"))
    assert len(list(differences(old, value_now, cells(old, "device")))) == 1


def test_a_picture_of_times_is_compared_by_being_there() -> None:
    old, new = (record("m", a=value(plain="<Figure>", svg=f"<svg>{n}</svg>")) for n in "ab")
    assert list(differences(old, new, cells(old, "timing"))) == []
    assert len(list(differences(old, new, cells(old)))) == 1


def test_a_cell_may_state_how_much_its_numbers_vary() -> None:
    old, new = record("m", a=text("loss 0.510")), record("m", a=text("loss 0.519"))
    assert list(differences(old, new, cells(old, tolerance=2e-2))) == []
    assert len(list(differences(old, new, cells(old, tolerance=1e-3)))) == 1


# --- plan


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = with_pages(copy_book(tmp_path), "short", "long", "device")
    write_page(book, "short", "1")
    write_page(book, "long", "1", "2")
    write_page(book, "device", "1", more="devices: 1\n")
    return book


def test_the_longest_notebooks_come_first_by_recorded_time(book: Book) -> None:
    for page, seconds in (("short", 1.0), ("long", 50.0)):
        store.write(book, replace(record("m"), page=page, seconds=seconds))
    order = [
        p.page.docname for p in plan(book, ("short", "long", "device"), ("jax",), "cpu", everything=True)
    ]
    assert order == ["long", "device", "short"]


def test_a_gpu_runs_only_the_pages_that_ask_for_devices(book: Book) -> None:
    found = plan(book, ("short", "long", "device"), ("jax", "mxnet"), "gpu", everything=True)
    assert [(p.page.docname, p.framework) for p in found] == [("device", "jax"), ("device", "mxnet")]


def test_a_page_in_error_is_refused_before_anything_starts(book: Book) -> None:
    write_page(book, "short", "[no-such-tag]\n1")
    with pytest.raises(BookError, match="unknown tag 'no-such-tag'"):
        plan(book, ("short", "long"), ("jax",), "cpu", everything=False)


def test_a_damaged_record_makes_its_notebook_run(book: Book) -> None:
    folder = store.path(book, "short", "jax")
    folder.mkdir(parents=True)
    (folder / "record.json").write_text("{}")
    assert [p.page.docname for p in plan(book, ("short",), ("jax",), "cpu", everything=False)] == ["short"]


# --- environment and reports


def test_a_kernel_inherits_nothing_but_what_is_listed(tmp_path: Path) -> None:
    outer = {"PATH": "/bin", "SECRET": "x", "PYTHONSTARTUP": "y", "HOME": "/home/me"}
    values = variables(tmp_path, tmp_path / "run", "jax", "cpu", outer)
    assert values["PATH"] == "/bin"
    assert not {"SECRET", "PYTHONSTARTUP"} & set(values)
    assert values["HOME"] == str(tmp_path / "run" / "home")
    assert values["JAX_PLATFORMS"] == "cpu" and values["CUDA_VISIBLE_DEVICES"] == ""
    assert "JAX_PLATFORMS" not in variables(tmp_path, tmp_path, "jax", "gpu", outer)


FAILURES = (
    (
        Failure("error", "c1", 2, "ValueError: no\nmore"),
        ":{second}: cell 'c1' in jax raises ValueError: no; mend it",
    ),
    (
        Failure("timeout", "c1", 0, ""),
        ":{first}: cell 'c1' in jax did not end: the notebook has 600 s; make it",
    ),
    (
        Failure("memory", "c1", 0, ""),
        ":{first}: cell 'c1' in jax holds too much memory: the notebook has 4096 MiB; make it smaller",
    ),
    (Failure("dead", "c1", 0, "the kernel died while it ran"), ":{first}: cell 'c1' in jax: the kernel died"),
    (
        Failure("start", "", 0, "RuntimeError: x"),
        "short.md: the jax kernel did not run (RuntimeError: x); see",
    ),
)


@pytest.mark.parametrize(("failure", "says"), FAILURES)
def test_a_failure_names_the_line_of_the_page(book: Book, failure: Failure, says: str) -> None:
    page = write_page(book, "short", "1", "x = 1\n1 / 0")
    planned = plan(book, ("short",), ("jax",), "cpu", everything=True)[0]
    first = page.read_text().split("\n").index("x = 1") + 1
    finding = str(failed(book, planned, failure, Job("short", "jax", "", "", ""), "log"))
    assert finding.startswith("chapters/en/short.md")
    assert says.format(first=first, second=first + 1) in finding


def test_progress_is_plain_lines_where_there_is_no_terminal(book: Book) -> None:
    planned = plan(book, ("short", "long"), ("jax",), "cpu", everything=True)
    file = io.StringIO()
    with Board(planned, 2, Console(file=file, soft_wrap=True)) as board:
        board.event({"page": "long", "framework": "jax", "event": "start"})
        board.event({"page": "long", "framework": "jax", "event": "cell", "cell": "c0"})
        board.ended(planned[0], "2 cells in 1.0 s")
        board.ended(planned[1], "1 cell in 1.0 s")
    assert file.getvalue().splitlines() == [
        "executing 2 notebooks, 3 cells, on 2 workers",
        f"[1/2] {planned[0].page.docname} jax: 2 cells in 1.0 s, about 10 s left",
        f"[2/2] {planned[1].page.docname} jax: 1 cell in 1.0 s",
    ]


def test_progress_is_a_bar_on_a_terminal(book: Book) -> None:
    planned = plan(book, ("short",), ("jax",), "cpu", everything=True)
    file = io.StringIO()
    with Board(planned, 2, Console(file=file, force_terminal=True, width=120)) as board:
        board.event({"page": "short", "framework": "jax", "event": "start"})
        board.event({"page": "short", "framework": "jax", "event": "cell", "cell": "c0"})
        board.ended(planned[0], "1 cell in 1.0 s")
    shown = file.getvalue()
    assert "1/1 notebooks" in shown and "cells" in shown
    assert "[1/1] short jax: 1 cell in 1.0 s\n" in shown
