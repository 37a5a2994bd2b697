"""Stored outputs are untrusted: what of an output may reach a page.

Text passes as text.  HTML passes an allow-list.  SVG passes an allow-list and is shown as an image file, so
that nothing in it can run.  JavaScript, widgets, LaTeX and Markdown never pass: their plain text is shown.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

import nh3

TAGS = {
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
    "col": {"span"},
    "colgroup": {"span"},
}
SIGNATURES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
}

DRAWING = "image/svg+xml"
WITH_CHINESE = (", sans-serif", ", 'Noto Sans CJK SC', sans-serif")
"""matplotlib names fonts of its own; a drawing is also printed, where the general family may be any"""
SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ELEMENTS = {
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "title",
    "desc",
    "style",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "textPath",
    "marker",
    "clipPath",
    "mask",
    "pattern",
    "image",
    "linearGradient",
    "radialGradient",
    "stop",
    "animate",
    "animateTransform",
    "animateMotion",
    "mpath",
}
STYLED = {
    "alignment-baseline",
    "clip-path",
    "clip-rule",
    "color",
    "display",
    "dominant-baseline",
    "fill",
    "fill-opacity",
    "fill-rule",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "letter-spacing",
    "marker-end",
    "marker-mid",
    "marker-start",
    "mask",
    "opacity",
    "paint-order",
    "stop-color",
    "stop-opacity",
    "stroke",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
    "text-decoration",
    "vector-effect",
    "visibility",
    "white-space",
    "word-spacing",
    "writing-mode",
}
GEOMETRY = {
    "accumulate",
    "additive",
    "attributeName",
    "begin",
    "by",
    "calcMode",
    "class",
    "clipPathUnits",
    "cx",
    "cy",
    "d",
    "dur",
    "dx",
    "dy",
    "end",
    "fx",
    "fy",
    "from",
    "gradientTransform",
    "gradientUnits",
    "height",
    "id",
    "keyPoints",
    "keySplines",
    "keyTimes",
    "lengthAdjust",
    "markerHeight",
    "markerUnits",
    "markerWidth",
    "max",
    "min",
    "offset",
    "orient",
    "path",
    "patternTransform",
    "patternUnits",
    "points",
    "preserveAspectRatio",
    "r",
    "refX",
    "refY",
    "repeatCount",
    "repeatDur",
    "restart",
    "rotate",
    "rx",
    "ry",
    "spreadMethod",
    "startOffset",
    "style",
    "textLength",
    "to",
    "transform",
    "type",
    "values",
    "version",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
}
URL = re.compile(r"url\(\s*(?!['\"]?#)", re.I)
STYLE_DANGER = re.compile(r"@import|expression|javascript:|\\|<", re.I)
PICTURE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=\s]*")


def bundle(data: Mapping[str, Any]) -> dict[str, str]:
    """The part of an output's MIME bundle that may be shown."""
    kept = {mime: clean for mime, content in data.items() if (clean := _clean(mime, text(content)))}
    if any(mime.startswith("image/") for mime in kept):
        kept.pop("text/html", None)
    return kept


def html(text: str) -> str:
    return nh3.clean(
        text,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        clean_content_tags={"script", "style"},
        link_rel="noopener noreferrer nofollow",
    )


def svg(text: str) -> str | None:
    """The drawing without whatever is not a drawing; None where it cannot be read or declares entities."""
    text = re.sub(r"<!DOCTYPE[^\[>]*>", "", text, count=1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314 (no entities, see above)
    except ElementTree.ParseError:
        return None
    if root.tag != f"{{{SVG}}}svg":
        return None
    _filter(root)
    return _written(root)


def relabelled(drawing: str, say: Callable[[str], str]) -> str:
    """A drawing that has passed ``svg``, with ``say(label)`` for each label that is one piece of text."""
    root = ElementTree.fromstring(drawing.encode())  # noqa: S314 (no entities, see above)
    for element in root.iter(f"{{{SVG}}}text"):
        label = (element.text or "").strip()
        if label and len(element) == 0 and say(label) != label:
            element.text = say(label)
            if "style" in element.attrib:
                element.attrib["style"] = element.attrib["style"].replace(*WITH_CHINESE)
    return _written(root)


def _written(root: ElementTree.Element) -> str:
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def text(content: Any) -> str:
    """nbformat allows a text to be a list of its lines."""
    return "".join(content) if isinstance(content, list) else str(content)


def _clean(mime: str, content: str) -> str | None:
    if mime == "text/plain":
        return content
    if mime == "text/html":
        return html(content).strip()
    if mime == DRAWING:
        return svg(content)
    if mime in SIGNATURES:
        return content if _raster(mime, content) else None
    return None


def _raster(mime: str, content: str) -> bool:
    try:
        return binascii.a2b_base64(content).startswith(SIGNATURES[mime])
    except binascii.Error:
        return False


def _filter(element: ElementTree.Element) -> None:
    for name, value in list(element.attrib.items()):
        if not _allowed(element, name, value):
            del element.attrib[name]
    if _local(element.tag) == "style" and _styles_danger(element.text or ""):
        element.text = ""
    for child in list(element):
        if _local(child.tag) in ELEMENTS:
            _filter(child)
        else:
            element.remove(child)


def _allowed(element: ElementTree.Element, name: str, value: str) -> bool:
    if name in ("href", f"{{{XLINK}}}href"):
        is_picture = _local(element.tag) == "image" and PICTURE.fullmatch(value)
        return value.startswith("#") or bool(is_picture)
    if name == "attributeName":
        return value in STYLED | GEOMETRY
    if name == "{http://www.w3.org/XML/1998/namespace}space":
        return True
    return name in STYLED | GEOMETRY and not _styles_danger(value)


def _styles_danger(value: str) -> bool:
    return bool(URL.search(value) or STYLE_DANGER.search(value))


def _local(tag: Any) -> str:
    """The element's name within SVG; an empty string for whatever else stands there (comments too)."""
    return tag.removeprefix(f"{{{SVG}}}") if isinstance(tag, str) and tag.startswith(f"{{{SVG}}}") else ""
