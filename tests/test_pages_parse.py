"""A page becomes values with the right lines, and every broken rule is one finding at its place."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from bookbuild.errors import BookError
from bookbuild.pages import Cell, Page, Unavailable, check, check_code, filled, parse
from bookbuild.pages.canonical import canonical

FRAMEWORKS = ("pytorch", "tensorflow", "mxnet", "jax")
HEAD = "---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n"


def page(text: str, language: str = "en", front: str = HEAD) -> Page:
    return parse(front + dedent(text).lstrip("\n"), Path("page.md"), language, "page", FRAMEWORKS)


def cell(name: str, tags: str = "", source: str = "x = 1", alt: str = "") -> str:
    options = (f":alt: {alt}\n" if alt else "") + f":name: {name}\n" + (f":tags: [{tags}]\n" if tags else "")
    return f"```{{code-cell}}\n{options}\n{source}\n```\n\n"


def group(name: str, **sources: str) -> str:
    return "".join(cell(name, f, sources.get(f, "x = 1")) for f in FRAMEWORKS)


def problems(text: str, **kwargs: str) -> list[tuple[int, str]]:
    return [(f.line, f.problem) for f in check(page(text, **kwargs))]


def test_cells_of_one_name_are_one_group_in_the_order_of_the_page():
    result = page(group("first", jax="y = 2") + "Prose.\n\n" + cell("second"))
    assert [g.name for g in result.groups] == ["first", "second"]
    assert [c.source for c in result.cells("jax")] == ["y = 2", "x = 1"]
    assert [c.name for c in result.cells("mxnet")] == ["first", "second"]


def test_source_line_is_where_the_code_stands_in_the_file():
    result = page("# Title\n\n" + cell("first", source="marker = 1"))
    (only,) = result.cells("jax")
    assert result.text.split("\n")[only.source_line - 1] == "marker = 1"


@pytest.mark.parametrize("source", ["def f():\n    return ':x: 1'", ":not-an-option", "a = {\n\n  1: 2}"])
def test_code_comes_through_unchanged(source: str):
    (only,) = page(cell("first", source=source)).cells("jax")
    assert only.source == source


def test_blocks_carry_kind_and_first_and_last_line():
    result = page("# Title\n\nOne\ntwo.\n\n- a\n  b\n- c\n\n| x | y |\n|---|---|\n| 1 | 2 |\n")
    start = HEAD.count("\n")
    assert [(b.kind, b.line - start, b.end_line - start) for b in result.blocks] == [
        ("heading", 1, 1),
        ("paragraph", 3, 4),
        ("list-item", 6, 7),
        ("list-item", 8, 8),
        ("table", 10, 12),
    ]


def test_labels_are_found_in_prose_equations_and_options():
    result = page(
        "(sec-a)=\n# T\n\n$$\nx\n$$ (eq-a)\n\n```{exercise-start} T\n:label: ex-a\n```\n\nDo.\n\n"
        "```{exercise-end}\n```\n\n````{note}\n```{figure} a.svg\n:alt: A\n:name: fig-a\n\nC\n```\n````\n"
    )
    assert {x.name for x in result.labels} == {"sec-a", "eq-a", "ex-a", "fig-a"}


def test_unavailable_is_a_member_of_its_group():
    text = (
        cell("step", "pytorch, tensorflow, jax")
        + "```{unavailable} mxnet\n:name: step\n\nNo such type.\n```\n"
    )
    result = page(text)
    assert check(result) == ()
    member = result.groups[0].member("mxnet")
    assert isinstance(member, Unavailable) and member.reason == "No such type."
    assert [c.name for c in result.cells("mxnet")] == []


def test_front_matter_narrows_the_frameworks():
    front = HEAD.replace("kernelspec", "devices: 1\nframeworks: [jax, pytorch]\nkernelspec")
    result = page(cell("a", "pytorch") + cell("a", "jax"), front=front)
    assert result.frameworks == ("pytorch", "jax") and result.front_matter.devices == 1
    assert check(result) == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (cell("", source="x"), 1, "has no name"),
        (cell("Bad Name"), 1, "not allowed"),
        (cell("a" * 41), 1, "not allowed"),
        (cell("a") + "Prose.\n\n" + cell("a"), 9, "stands on line 8 too"),
        (cell("a", "pytorch") + "Prose.\n\n" + cell("a", "tensorflow, mxnet, jax"), 10, "stand apart"),
        (cell("a", "pytorch, keras"), 1, "unknown tag 'keras'"),
        (cell("a", "pytorch, tensorflow, mxnet"), 1, "no cell for jax"),
        (cell("a", "pytorch, jax") + cell("a", "jax, tensorflow, mxnet"), 8, "has jax on line 8 too"),
        (cell("a", source=""), 1, "is empty"),
        ("````{note}\n" + cell("a").rstrip() + "\n````\n", 2, "inside a list or another directive"),
        ("- item\n\n  ```{code-cell}\n  :name: a\n  x\n  ```\n", 3, "inside a list or another directive"),
        ("```{exercise-start} T\n:label: e\n```\n\nDo.\n", 1, "never closed"),
        ("```{solution-end}\n```\n", 1, "closes nothing"),
        (
            "```{exercise-start} T\n:label: e\n```\n\n## H\n\n```{exercise-end}\n```\n",
            5,
            "heading stands inside",
        ),
        (
            "```{exercise-start} T\n:label: e\n```\n\n```{solution-start} e\n```\n\n```{solution-end}\n```\n",
            5,
            "opens inside",
        ),
        ("```{figure} a.svg\nCaption\n```\n", 1, "no alternative text"),
        ("![](a.svg)\n", 1, "no alternative text"),
        ("(a)=\n# T\n\n(a)=\n## U\n", 4, "stands on line 8 too"),
        ("<" * 7 + " HEAD\nA\n=======\nB\n" + ">" * 7 + " other\n", 1, "conflict marker"),
        ("```{unavailable} mxnet\n:name: a\n```\n", 1, "gives no reason"),
        ("```{code-cell}\n:name: a\n:tag: [jax]\n\nx\n```\n", 1, "unknown option 'tag'"),
        ("```{code-cell}\n:name: a\n:tags: [jax\n\nx\n```\n", 3, "not valid"),
    ],
)
def test_a_broken_rule_is_found_at_its_line(text: str, line: int, words: str):
    found = problems(text)
    start = HEAD.count("\n")
    assert any(words in problem and at - start == line for at, problem in found), found


def test_an_unknown_tag_is_said_once():
    found = problems(cell("a", "pytroch") + cell("a", "tensorflow") + cell("a", "mxnet") + cell("a", "jax"))
    assert [p for _, p in found] == [
        "cell 'a' has an unknown tag 'pytroch'",
        "group 'a' has no cell for pytorch",
    ]


@pytest.mark.parametrize(
    ("source", "tags", "lines"),
    [
        ("x = 1\ny = (", "", [2]),
        ("x = 1\ny = (", "raises-exception", []),
        ("%matplotlib inline\nx = 1", "", []),
        ("!ls\nx = 1", "", []),
        ("sum?", "", []),
        ("await x", "", []),
    ],
)
def test_code_that_python_cannot_read_is_found_at_its_line(source: str, tags: str, lines: list[int]):
    result = page(cell("a", tags, source))
    first = result.cells("jax")[0].source_line
    assert [f.line - first + 1 for f in check_code(result)] == lines


def test_every_finding_names_file_line_and_mend():
    (finding,) = check(page(cell("a", "pytorch, keras") + cell("a", "tensorflow, mxnet, jax")))
    assert str(finding).startswith("page.md:8: ") and "known: pytorch tensorflow" in str(finding)


@pytest.mark.parametrize("front", ["---\nframeworks: [jax\n---\n", "---\n- a\n---\n"])
def test_broken_front_matter_is_one_error_with_its_line(front: str):
    with pytest.raises(BookError) as caught:
        page("Text.", front=front)
    assert str(caught.value).startswith("page.md:") and "front matter" in str(caught.value)


@pytest.mark.parametrize(
    "value", ["frameworks: [pytorch, theano]", "devices: 9", "timeout: soon", "data: file"]
)
def test_unknown_values_in_front_matter_are_findings(value: str):
    assert problems("Text.", front=f"---\n{value}\n---\n")


def test_data_that_a_cell_reads_is_listed_in_the_front_matter():
    text = group("a").replace("x = 1", 'd2l.data("small.csv")', 1)
    (found,) = problems(text)
    assert "reads data 'small.csv', which the front matter does not list" in str(found)
    assert problems(text, front=HEAD.replace("kernelspec", "data: [small.csv]\nkernelspec", 1)) == []


PLACEHOLDER = "```{{code-cell}}\n:name: {}\n```\n\n"


def test_placeholders_are_filled_from_the_english_page():
    english = page(group("a").replace(":name: a", ":alt: An image\n:name: a", 1) + group("b"))
    own = "```{code-cell}\n:alt: Uma imagem\n:name: a\n```\n\nProsa.\n\n" + PLACEHOLDER.format("b")
    translated = page(own, "pt")
    assert check(translated, english) == ()
    full = filled(translated, english)
    assert [c.source for c in full.cells("jax")] == ["x = 1", "x = 1"]
    assert full.groups[0].alt == "Uma imagem" and full.groups[0].line == translated.groups[0].line


def test_a_translated_reason_stays():
    english = page(cell("a", "pytorch, tensorflow, jax") + "```{unavailable} mxnet\n:name: a\n\nNo.\n```\n")
    own = page(PLACEHOLDER.format("a") + "```{unavailable} mxnet\n:name: a\n\nNão.\n```\n", "pt")
    assert filled(own, english).groups[0].member("mxnet").reason == "Não."
    bare = page(PLACEHOLDER.format("a"), "pt")
    assert filled(bare, english).groups[0].member("mxnet").reason == "No."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            PLACEHOLDER.format("a") + "T.\n\n" + PLACEHOLDER.format("bb"),
            "'bb' is not in the English page; did you mean 'b'?",
        ),
        (PLACEHOLDER.format("a"), "placeholders are missing: b"),
        (PLACEHOLDER.format("b") + PLACEHOLDER.format("a"), "out of order"),
        (
            PLACEHOLDER.format("a") + "T.\n\n" + PLACEHOLDER.format("a") + "T.\n\n" + PLACEHOLDER.format("b"),
            "twice",
        ),
        (cell("a") + PLACEHOLDER.format("b"), "holds code or tags"),
    ],
)
def test_a_placeholder_that_does_not_fit_is_found(text: str, words: str):
    english = page(group("a") + group("b"))
    assert any(words in str(f) for f in check(page(text, "pt"), english))


def test_canonical_form_is_a_fixed_point():
    text = HEAD + "# T\n\n" + group("a") + PLACEHOLDER.format("b") + "Prose.\n"
    once = canonical(text)
    assert canonical(once) == once
    again = parse(once, Path("page.md"), "en", "page", FRAMEWORKS)
    assert [m.source for g in again.groups for m in g.members if isinstance(m, Cell)] == ["x = 1"] * 4 + [""]


@pytest.mark.parametrize(("written", "value"), [("1e-3", 0.001), ("0.05", 0.05)])
def test_a_cell_may_state_a_tolerance(written: str, value: float) -> None:
    text = cell("a").replace(":name: a\n", f":name: a\n:tolerance: {written}\n")
    assert page(text).cells("pytorch")[0].tolerance == value
    assert problems(text) == []


@pytest.mark.parametrize("written", ["2", "-1e-3", "0", "small", "[1]"])
def test_a_tolerance_is_a_number_between_0_and_1(written: str) -> None:
    ((_, says),) = problems(cell("a").replace(":name: a\n", f":name: a\n:tolerance: {written}\n"))
    assert says.endswith("of cell 'a' is no number between 0 and 1")
