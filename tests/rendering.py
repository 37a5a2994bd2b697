"""A copy of the small book with stored outputs that no kernel had to make, for the tests of rendering."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from bookbuild import store
from bookbuild.config import Book, load_book
from bookbuild.pages import load_page
from bookbuild.render import build_html, build_landing

FIXTURE = Path(__file__).parent / "fixtures" / "book"
LINE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="252pt" height="108pt" viewBox="0 0 252 108">'
    '<path d="M 20 90 L 230 15" stroke="#1f77b4" fill="none"/></svg>'
)

Outputs = Mapping[str, Sequence[dict[str, Any]]]


def text(value: str) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "execution_count": None,
        "metadata": {},
        "data": {"text/plain": value},
    }


def display(**data: str) -> dict[str, Any]:
    """``display(text_html="...")``: a display_data output; the first _ of a name stands for /."""
    kinds = {"image_svg": "image/svg+xml"}
    bundle = {kinds.get(name, name.replace("_", "/", 1)): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": bundle}


def printed(value: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": value}


def failed(name: str, value: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": [f"{name}: {value}"]}


def copy_book(folder: Path) -> Book:
    root = folder / "book"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("_build", "outputs"))
    return load_book(root)


def put_outputs(
    book: Book,
    docname: str,
    framework: str,
    outputs: Outputs,
    stale: Collection[str] = (),
    version: str = "1.2.3",
    device: str = "cpu",
) -> None:
    """Store outputs of a notebook whose keys hold, except those of the ``stale`` cells."""
    page = load_page(book, book.source, docname)
    profile = store.Profile(f"{framework}.{device}", "3.11", device, "")
    cells = tuple(
        store.CellRecord(
            key.name, "0" * 64 if key.name in stale else key.key, tuple(outputs.get(key.name, ())), 0.1
        )
        for key in store.keys(book, page, framework, profile)
    )
    store.write(
        book,
        store.Record(
            page=docname,
            framework=framework,
            device=device,
            machine="a machine",
            profile=profile.name,
            python=profile.python,
            versions={book.framework(framework).module: version},
            date="2026-01-31",
            seconds=1.0,
            peak_memory=100,
            parts={},
            cells=cells,
        ),
    )


def put_all_outputs(book: Book) -> None:
    for framework in book.framework_keys:
        put_outputs(book, "index", framework, {"powers": [text("[1, 2, 4, 8, 16, 32, 64, 128]")]})
        put_outputs(
            book,
            "tensors",
            framework,
            {
                "make-tensor": [text(f"{framework}([0., 1., 2., 3.])")],
                "use-total": [printed("6.0 6.0\n")],
                "draw": [display(image_svg=LINE, text_plain="<Figure>")],
                "past-the-end": [failed("IndexError", "list index out of range")],
                "in-place": [printed(f"{framework}([7., 1., 2., 3.])\n")],
                "noise": [printed("nobody sees this line\n")],
                "count-rows": [text("2")],
            },
        )


def build_site(book: Book, *languages: str) -> Path:
    for language in languages or book.language_keys:
        build_html(book, language, ["notebooks", "pdf"])
    build_landing(book)
    return book.root / "_build" / "html"
