"""Stored outputs are untrusted: what reaches a page is text, plain HTML and drawings."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree

import pytest

from bookbuild.render import safe

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 8).decode()
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<div onclick="alert(1)">x</div>',
        "<iframe src='https://example.org'></iframe>",
        '<p style="position:fixed">x</p>',
        '<form action="https://example.org"><input></form>',
        '<svg><animate onbegin="alert(1)"/></svg>',
        '<p id="main-content" class="modal">x</p>',
    ],
)
def test_html_loses_what_could_act(hostile):
    clean = safe.html(hostile).lower()
    for part in ("alert", "javascript", "<img", "<iframe", "style", "<form", "<svg", "id=", "class="):
        assert part not in clean


def test_html_keeps_tables():
    table = '<table><thead><tr><th scope="col">n</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>'
    assert safe.html(table) == table


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<foreignObject><body onload='alert(1)'/></foreignObject>",
        "<path onclick='alert(1)' d='M 0 0'/>",
        "<a href='javascript:alert(1)'><path d='M 0 0'/></a>",
        "<use href='https://example.org/x.svg#a'/>",
        "<image href='https://example.org/alert.png'/>",
        "<image xlink:href='data:image/svg+xml;base64,alert'/>",
        "<path style='fill:url(https://example.org/alert)' d='M 0 0'/>",
        "<style>@import 'https://example.org/alert.css';</style>",
        "<path><set attributeName='href' to='javascript:alert(1)'/></path>",
        "<path><animate attributeName='href' to='alert'/></path>",
        "<metadata>alert</metadata>",
        "<x xmlns='http://www.w3.org/1999/xhtml'>alert</x>",
    ],
)
def test_svg_loses_what_is_not_a_drawing(hostile):
    clean = safe.svg(SVG.format(hostile))
    assert clean is not None
    for part in ("alert(1)", "example.org", "alert.css", "<script", "metadata", "base64,alert", "href"):
        assert part not in clean


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "<svg",
        "<html xmlns='http://www.w3.org/1999/xhtml'/>",
        "not xml",
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("<text>&a;</text>"),
    ],
)
def test_svg_that_cannot_be_read_is_not_shown(broken):
    assert safe.svg(broken) is None


def test_svg_of_matplotlib_keeps_every_mark():
    """Its markers are ``use`` elements with ``xlink:href``, which HTML cleaners lose."""
    figure_module = pytest.importorskip("matplotlib.figure")
    figure = figure_module.Figure()
    axes = figure.add_subplot()
    axes.plot([1, 2, 3], marker="o", label="a")
    axes.legend()
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    drawn = file.getvalue()
    clean = safe.svg(drawn)
    assert clean is not None
    for element in ("use", "path", "clipPath", "style"):
        count = sum(1 for _ in ElementTree.fromstring(drawn).iter(f"{{{safe.SVG}}}{element}"))  # noqa: S314
        assert count == sum(1 for _ in ElementTree.fromstring(clean).iter(f"{{{safe.SVG}}}{element}"))  # noqa: S314
    assert clean.count('xlink:href="#') == drawn.count('xlink:href="#')
    assert 'clip-path="url(#' in clean


def test_a_bundle_keeps_only_what_can_be_shown_safely():
    bundle = {
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
        "text/latex": r"\href{javascript:alert(1)}{x}",
        "text/markdown": "<script>alert(1)</script>",
        "text/plain": ["x", " = 1"],
        "image/png": PNG,
        "image/jpeg": PNG,
        "text/html": "<b>x</b>",
    }
    assert safe.bundle(bundle) == {"text/plain": "x = 1", "image/png": PNG}
