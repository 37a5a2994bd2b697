"""PDFs of the small book, typeset by XeLaTeX and read back."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from rendering import copy_book, put_all_outputs

from bookbuild.config import Book, load_book
from bookbuild.errors import BookError
from bookbuild.render import pdf
from bookbuild.render.pdf import tex
from bookbuild.render.pdf.svg import svg_to_pdf
from bookbuild.render.pdf.tex import overfull, read_log

pytestmark = [pytest.mark.tex, pytest.mark.sphinx]

CHINESE = """# 小书

张量保存同一类型的数。{term}`标量`只是一个数。共有3\u202f428个。

```{code-cell}
:name: powers
```

```{glossary}
标量
  一个数。

张量
  数的数组。
```
"""
MARGIN = 5.0
"""points; less is not seen"""


def add_language(book: Book, key: str, sphinx: str, html: str, title: str, index: str) -> Book:
    config = book.root / "_config.yml"
    entry = f"{{title: {title}, sphinx: {sphinx}, html: {html}, book_title: {title}}}"
    config.write_text(f"{config.read_text('utf-8').rstrip()}\n      {key}: {entry}\n", "utf-8")
    page = book.root / "chapters" / key / "index.md"
    page.parent.mkdir(parents=True)
    front = (book.root / "chapters" / "en" / "index.md").read_text("utf-8").split("---\n")
    page.write_text(f"---\n{front[1]}---\n\n{index}" if len(front) > 2 else index, "utf-8")
    return load_book(book.root)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    small = copy_book(tmp_path_factory.mktemp("pdf"))
    put_all_outputs(small)
    return add_language(small, "zh", "zh_CN", "zh-CN", "小书", CHINESE)


@pytest.fixture(scope="module")
def files(book: Book) -> dict[str, Path]:
    made = [
        *pdf.build(book, "en", ("pytorch", "jax")),
        *pdf.build(book, "pt", ("jax",)),
        *pdf.build(book, "zh", ("pytorch",)),
    ]
    return {path.stem: path for path in made}


@pytest.fixture(scope="module")
def texts(files: dict[str, Path]) -> dict[str, str]:
    return {name: read(path) for name, path in files.items()}


def read(path: Path) -> str:
    return run("pdftotext", "-layout", str(path), "-")


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_each_framework_and_language_has_its_file(files, book):
    assert set(files) == {"d2l-en-pytorch", "d2l-en-jax", "d2l-pt-jax", "d2l-zh-pytorch"}
    for name, path in files.items():
        assert path == book.root / "_build" / "pdf" / name.split("-")[1] / f"{name}.pdf"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "d2l-en-jax",
            ["JAX edition", "Contents", "Chapter 1", "Exercise 1.1", "Solution to Exercise 1.1", "Index"],
        ),
        ("d2l-pt-jax", ["Edição JAX", "Sumário", "Capítulo 1", "Exercício 1.1", "Índice"]),
        ("d2l-zh-pytorch", ["PyTorch 版", "目录", "第 1 章", "练习 1.1", "索引"]),
    ],
)
def test_chapters_contents_exercises_and_index_are_named_in_the_language(texts, name, words):
    for word in words:
        assert word in texts[name]


def test_a_book_holds_the_code_and_prose_of_its_framework_and_of_no_other(texts):
    assert "torch.arange(4" in texts["d2l-en-pytorch"]
    assert "jnp.arange" not in texts["d2l-en-pytorch"]
    assert "jnp.arange(4" in texts["d2l-en-jax"]
    assert "torch" not in texts["d2l-en-jax"].replace("PyTorch", "").lower()
    assert "tf.range" not in texts["d2l-en-jax"]


def test_measured_outputs_are_printed_folded_ones_too(texts):
    for shown in (
        "jax([0., 1., 2., 3.])",
        "6.0 6.0",
        "IndexError: list index out of range",
        "jax([7., 1., 2., 3.])",
    ):
        assert shown in texts["d2l-en-jax"]
    assert "nobody sees" not in texts["d2l-en-jax"].replace('print("nobody sees this line")', "")


def test_a_page_in_the_language_and_an_english_one_with_a_notice_stand_in_one_book(texts):
    chinese = texts["d2l-zh-pytorch"]
    assert "张量保存同一类型的数" in chinese
    assert "本页尚未翻译" in chinese
    assert "A tensor holds numbers of one type." in chinese
    assert "Um tensor guarda números" in texts["d2l-pt-jax"]


def test_a_narrow_space_is_set_though_no_font_has_it(texts):
    assert re.search(r"3\s428", texts["d2l-zh-pytorch"])


def test_references_have_numbers_and_citations_lead_to_the_list(texts):
    english = " ".join(texts["d2l-en-jax"].split())
    assert "(1.1)" in english
    assert "Section 1 is the longer one" in english
    assert "Array programming with NumPy" in english
    assert "??" not in english


def test_the_bibliography_stands_under_its_own_page_and_only_there(texts):
    english = " ".join(texts["d2l-en-jax"].split())
    assert english.count("Array programming with NumPy") == 1
    assert "Bibliography" not in english


def test_chinese_index_entries_are_sorted_by_pinyin(texts):
    index = texts["d2l-zh-pytorch"].rpartition("索引")[2]
    letters = re.findall(r"^\s*([A-Z])$", index, re.M)
    assert letters == sorted(letters)
    assert index.index("标量") < index.index("张量")


def test_drawings_come_as_vectors(files, book):
    text = (book.root / "_build" / "latex" / "en" / "d2l-en-jax.tex").read_text("utf-8")
    drawings = re.findall(r"includegraphics[^{]*\{\{([^}]*)\}\.(\w+)\}", text)
    assert drawings
    assert {kind for _, kind in drawings} == {"pdf"}
    assert run("pdfimages", "-list", str(files["d2l-en-jax"])).count("\n") == 2


def test_the_file_says_what_it_is(files):
    info = run("pdfinfo", str(files["d2l-zh-pytorch"]))
    assert re.search(r"Title: +小书 \(PyTorch 版\)", info)
    assert re.search(r"Author: +The tests", info)
    assert "A4" in info
    assert b"/Lang(zh-CN)" in objects(files["d2l-zh-pytorch"])


def test_sections_are_bookmarks_and_the_contents_can_be_clicked(files):
    everything = objects(files["d2l-en-jax"])
    assert everything.count(b"/Title") >= 5
    assert b"/Subtype/Link" in everything


def objects(path: Path) -> bytes:
    """The PDF's objects, those in compressed streams too."""
    raw = path.read_bytes()
    found = [raw]
    for stream in re.finditer(rb"stream\r?\n(.*?)endstream", raw, re.S):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(stream.group(1)))
    return b"".join(found)


def test_all_fonts_are_embedded(files):
    for path in files.values():
        lines = run("pdffonts", str(path)).splitlines()[2:]
        assert lines
        for line in lines:
            assert re.search(r"\byes (yes|no) (yes|no)\s+\d+\s+\d+$", line), line


def test_no_line_runs_into_the_margin(files, book):
    for name in files:
        folder = book.root / "_build" / "latex" / name.split("-")[1]
        assert overfull(read_log(folder, name), (folder / f"{name}.tex").read_text("utf-8"), MARGIN) == ()


def test_the_same_book_gives_the_same_bytes_and_is_not_typeset_again(files, book):
    path = files["d2l-en-jax"]
    first, written = path.read_bytes(), path.stat().st_mtime_ns
    pdf.build(book, "en", ("jax",))
    assert path.stat().st_mtime_ns == written
    shutil.rmtree(book.root / "_build" / "latex" / "en")
    pdf.build(book, "en", ("jax",))
    assert path.stat().st_mtime_ns != written
    assert path.read_bytes() == first


@pytest.fixture
def broken(book: Book, tmp_path: Path) -> Book:
    shutil.copytree(book.root, tmp_path / "book", ignore=shutil.ignore_patterns("_build"))
    return load_book(tmp_path / "book")


def edit(book: Book, text: str) -> int:
    """Add a paragraph to the longer page; returns its line."""
    page = book.page_path("en", "tensors")
    before = page.read_text("utf-8").rstrip()
    page.write_text(f"{before}\n\n{text}\n", "utf-8")
    return before.count("\n") + 3


def test_a_formula_that_tex_cannot_read_is_one_finding_on_its_page(broken):
    line = edit(broken, r"A formula $\notacommand{x}$ here.")
    with pytest.raises(BookError) as error:
        pdf.build(broken, "en", ("jax", "mxnet"))
    (finding,) = error.value.findings
    assert (finding.path, finding.line) == ("chapters/en/tensors.md", line)
    assert "notacommand" in finding.problem


def test_a_character_that_no_font_has_is_a_finding_on_its_page(broken):
    line = edit(broken, "A sign \U00010330 that no font has.")
    with pytest.raises(BookError) as error:
        pdf.build(broken, "en", ("jax",))
    (finding,) = error.value.findings
    assert (finding.path, finding.line) == ("chapters/en/tensors.md", line)
    assert "U+10330" in finding.problem


def test_tex_that_never_ends_is_stopped_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(tex, "TIMEOUT", 3)
    (tmp_path / "endless.tex").write_text(
        r"\documentclass{book}\begin{document}\loop\iftrue\repeat\end{document}"
    )
    with pytest.raises(BookError, match="did not end in 3 s"):
        tex.typeset(tmp_path, "endless")


def test_a_machine_without_tex_is_told_so(tmp_path, monkeypatch):
    (tmp_path / "short.tex").write_text(r"\documentclass{book}\begin{document}x\end{document}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BookError, match="xelatex: is missing"):
        tex.typeset(tmp_path, "short")
    assert "librsvg2-bin" in svg_to_pdf(b"<svg/>", tmp_path / "x.pdf")


def test_a_document_without_index_entries_keeps_no_index(tmp_path):
    text = (
        r"\documentclass{book}\newenvironment{sphinxtheindex}{\begin{itemize}}{\end{itemize}}\begin{document}"
    )
    (tmp_path / "short.tex").write_text(
        text + r"only text\IfFileExists{short.ind}{\input{short.ind}}{}\end{document}"
    )
    assert "only text" in read(tex.typeset(tmp_path, "short"))
    assert not (tmp_path / "short.ind").exists()


def test_a_drawing_that_is_none_is_named(tmp_path):
    assert "no drawing" in svg_to_pdf(b"<svg", tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()
