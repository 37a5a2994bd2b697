"""Pages: Markdown text to frozen values, and the rules of the page format."""

from bookbuild.pages.check import check, check_code
from bookbuild.pages.parse import load_page, parse
from bookbuild.pages.values import (
    Block,
    Cell,
    Directive,
    FrontMatter,
    Group,
    Label,
    Page,
    Unavailable,
    cell_id,
    filled,
)

__all__ = [
    "Block",
    "Cell",
    "Directive",
    "FrontMatter",
    "Group",
    "Label",
    "Page",
    "Unavailable",
    "cell_id",
    "check",
    "check_code",
    "filled",
    "load_page",
    "parse",
]
