"""Records are readable files, written whole or not at all; a damaged one is named."""

from __future__ import annotations

import base64
import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from notebook_books import copy_book, tree

from bookbuild import store
from bookbuild.config import Book
from bookbuild.errors import BookError
from bookbuild.store import CellRecord, Record, folders

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0"/></svg>\n'
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nnot really").decode()


def shown(**data: Any) -> dict[str, Any]:
    mimes = {"svg": "image/svg+xml", "png": "image/png", "plain": "text/plain", "value": "application/json"}
    return {"output_type": "display_data", "metadata": {}, "data": {mimes[k]: v for k, v in data.items()}}


OUTPUTS: tuple[dict[str, Any], ...] = (
    {"output_type": "stream", "name": "stdout", "text": "one\ntwo\nunfinished"},
    shown(svg=SVG, plain="<Figure>"),
    shown(svg=SVG.replace("0 0", "1 1"), png=PNG),
    shown(value={"a": [1, 2]}, plain="é\u2028\n"),
    {"output_type": "error", "ename": "ValueError", "evalue": "bad\nvalue",
     "traceback": ["----> f()", "ValueError: bad\nvalue"]},
)  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return copy_book(tmp_path)


@pytest.fixture
def record() -> Record:
    cells = (CellRecord("draw", "k1", OUTPUTS, 0.25), CellRecord("quiet", "k2", (), 0.5))
    return Record("tensors", "jax", "cpu", "a processor", "jax.cpu", "3.11", {"jax": "0.10.2"}, "2026-01-31",
                  1.5, 200, {"cell draw": "d"}, cells)  # fmt: skip


def edit(book: Book, change: Any) -> Path:
    file = store.path(book, "tensors", "jax") / "record.json"
    values = json.loads(file.read_text())
    change(values)
    file.write_text(json.dumps(values))
    return file


def problem(book: Book) -> str:
    with pytest.raises(BookError) as caught:
        store.read(book, "tensors", "jax")
    (finding,) = caught.value.findings
    assert finding.path == "outputs/tensors/jax.cpu/record.json"
    assert "make execute PAGES=tensors FRAMEWORKS=jax" in finding.mend
    return finding.problem


def test_what_is_written_is_read_again(book: Book, record: Record) -> None:
    assert store.read(book, "tensors", "jax") is None
    assert store.write(book, record)
    assert store.read(book, "tensors", "jax") == record


def test_texts_are_lines_and_images_are_files_named_after_their_cell(book: Book, record: Record) -> None:
    store.write(book, record)
    files = tree(store.path(book, "tensors", "jax"))
    assert sorted(files) == ["draw-2.svg", "draw.png", "draw.svg", "record.json"]
    assert files["draw.svg"].decode() == SVG
    stored = json.loads(files["record.json"])["cells"][0]["outputs"]
    assert stored[0]["text"] == ["one\n", "two\n", "unfinished"]


def test_the_json_is_the_same_bytes_however_the_values_came(book: Book, record: Record) -> None:
    store.write(book, record)
    before = tree(book.root / "outputs")
    shutil.rmtree(book.root / "outputs")
    store.write(book, replace(record, versions=dict(reversed(record.versions.items()))))
    assert tree(book.root / "outputs") == before


def test_time_memory_and_date_are_never_written_alone(book: Book, record: Record) -> None:
    store.write(book, record)
    before = tree(book.root / "outputs")
    slower = replace(record, seconds=9, peak_memory=900, date="2026-02-01", machine="another",
                     cells=tuple(replace(c, seconds=5) for c in record.cells))  # fmt: skip
    assert not store.write(book, slower)
    assert tree(book.root / "outputs") == before


def test_a_time_that_varies_is_never_written_alone(book: Book, record: Record) -> None:
    def timed(seconds: str, words: str = "took") -> Record:
        output = {"output_type": "stream", "name": "stdout", "text": f"{words} {seconds} s\n"}
        return replace(record, cells=(record.cells[0], replace(record.cells[1], outputs=(output,))))

    name = record.cells[1].name
    assert store.write(book, timed("0.5"), {name: ("timing",)})
    before = tree(book.root / "outputs")
    assert not store.write(book, timed("0.75"), {name: ("timing",)})
    assert tree(book.root / "outputs") == before
    assert store.write(book, timed("0.75"))
    assert store.write(book, timed("0.75", "needed"), {name: ("timing",)})


@pytest.mark.parametrize("change", [
    lambda r: replace(r, cells=(replace(r.cells[0], key="other"), r.cells[1])),
    lambda r: replace(r, cells=(r.cells[0], replace(r.cells[1], outputs=OUTPUTS[:1]))),
    lambda r: replace(r, parts={"cell draw": "other"}),
    lambda r: replace(r, profile="jax.other"),
])  # fmt: skip
def test_another_key_output_or_profile_is_another_record(book: Book, record: Record, change: Any) -> None:
    store.write(book, record)
    assert store.write(book, change(record))
    assert store.read(book, "tensors", "jax") == change(record)


def test_images_that_no_cell_draws_any_more_are_gone(book: Book, record: Record) -> None:
    store.write(book, record)
    store.write(book, replace(record, cells=record.cells[1:]))
    assert sorted(tree(store.path(book, "tensors", "jax"))) == ["record.json"]


def test_a_gpu_record_lies_beside_with_its_freeze(book: Book, record: Record) -> None:
    store.write(book, record)
    gpu = replace(record, device="gpu", profile="jax.gpu", freeze="jax==0.10.2\n")
    store.write(book, gpu)
    assert store.read(book, "tensors", "jax", "gpu") == gpu
    assert store.read(book, "tensors", "jax") == record


def test_text_that_is_no_json_names_file_and_line(book: Book, record: Record) -> None:
    store.write(book, record)
    file = store.path(book, "tensors", "jax") / "record.json"
    text = file.read_text().split("\n")
    file.write_text("\n".join([*text[:3], "<" * 7 + " HEAD", *text[3:]]))
    with pytest.raises(BookError, match=r"^outputs/tensors/jax.cpu/record.json:4: is not valid JSON"):
        store.read(book, "tensors", "jax")


@pytest.mark.parametrize("keep", [0, 1, 50, 400])
def test_a_cut_file_is_named(book: Book, record: Record, keep: int) -> None:
    store.write(book, record)
    file = store.path(book, "tensors", "jax") / "record.json"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(BookError, match=r"outputs/tensors/jax.cpu/record.json:\d+: is not valid JSON"):
        store.read(book, "tensors", "jax")


@pytest.mark.parametrize(("change", "says"), [
    (lambda v: v.update(format=99), "has format 99"),
    (lambda v: v.pop("cells"), "is damaged"),
    (lambda v: v.pop("format"), "is damaged"),
    (lambda v: v["cells"][0].pop("key"), "is damaged"),
    (lambda v: v.update(cells=3), "is damaged"),
    (lambda v: v.update(page="index"), "is the record of index"),
    (lambda v: v["cells"][0]["outputs"][1]["data"]["image/svg+xml"].update(file="../../x.svg"), "outside"),
])  # fmt: skip
def test_a_record_of_another_form_is_named(book: Book, record: Record, change: Any, says: str) -> None:
    store.write(book, record)
    edit(book, change)
    assert says in problem(book)


def test_a_missing_image_is_named(book: Book, record: Record) -> None:
    store.write(book, record)
    (store.path(book, "tensors", "jax") / "draw.svg").unlink()
    assert problem(book) == "names the image draw.svg, which is missing"


def test_an_edited_image_is_named(book: Book, record: Record) -> None:
    store.write(book, record)
    (store.path(book, "tensors", "jax") / "draw.png").write_bytes(b"other")
    assert problem(book) == "names the image draw.png, which has changed since"


def test_a_damaged_record_is_replaced_by_the_next_one(book: Book, record: Record) -> None:
    store.write(book, record)
    edit(book, lambda v: v.pop("cells"))
    assert store.write(book, record)
    assert store.read(book, "tensors", "jax") == record


@pytest.mark.parametrize("step", range(6))
def test_a_full_disk_is_one_error_and_the_old_record_stays(
    book: Book, record: Record, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(book, record)
    before = tree(book.root / "outputs")
    calls = iter(range(100))
    fsync = os.fsync

    def full(file: int) -> None:
        if next(calls) == step:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(file)

    monkeypatch.setattr(folders.os, "fsync", full)
    changed = replace(record, profile="jax.other")
    if step < 4:  # as many files as the record has
        with pytest.raises(
            BookError, match=r"^outputs/tensors/jax.cpu: cannot be written \(No space left"
        ) as caught:
            store.write(book, changed)
        assert len(caught.value.findings) == 1
        assert tree(book.root / "outputs") == before
    else:
        assert store.write(book, changed)
    assert [p.name for p in store.path(book, "tensors", "jax").parent.iterdir()] == ["jax.cpu"]


def test_where_names_cannot_be_exchanged_the_folder_is_replaced_in_two_steps(
    book: Book, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_exchange", lambda first, second: False)
    store.write(book, record)
    changed = replace(record, profile="jax.other")
    store.write(book, changed)
    assert store.read(book, "tensors", "jax") == changed
    assert [p.name for p in store.path(book, "tensors", "jax").parent.iterdir()] == ["jax.cpu"]


def test_sweeping_puts_back_what_a_fault_between_the_two_steps_took_away(book: Book, record: Record) -> None:
    store.write(book, record)
    folder = store.path(book, "tensors", "jax")
    folder.rename(folder.with_name(".jax.cpu.old-abc"))
    for name in (".jax.cpu.new-abc", ".mxnet.cpu.new-def"):
        (folder.parent / name).mkdir()
    os.utime(folder.parent / ".jax.cpu.new-abc", (0, 0))
    store.sweep(book)
    assert store.read(book, "tensors", "jax") == record
    assert sorted(p.name for p in folder.parent.iterdir()) == [".mxnet.cpu.new-def", "jax.cpu"]
