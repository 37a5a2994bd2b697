"""Markdown text to a page's values, with the parser that MyST itself uses."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from bookbuild.config import Book, yaml_line, yaml_problem
from bookbuild.errors import BookError, Finding
from bookbuild.files import read_text
from bookbuild.pages.values import (
    Block,
    Cell,
    Directive,
    FrontMatter,
    Group,
    Label,
    Member,
    Page,
    Unavailable,
)

DIRECTIVE = re.compile(r"^\{([^}]+)\}\s*(.*)$")
CELL_OPTIONS = ("alt", "name", "tags", "tolerance")
LITERAL = ("code-cell", "code", "code-block", "sourcecode", "math", "literalinclude", "raw", "bibliography")
"""directives whose body is not Markdown"""


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def load_page(book: Book, language: str, docname: str) -> Page:
    """Read and parse one page of the book; repeated calls cost nothing while the file is unchanged."""
    path = book.page_path(language, docname)
    if not path.is_file():
        raise BookError.at(path, 0, "the page is missing", "write it, or take it out of _toc.yml")
    status = path.stat()
    return _load(
        path, status.st_mtime_ns, status.st_size, language, docname, book.framework_keys, book.myst_extensions
    )


@lru_cache(maxsize=4096)
def _load(
    path: Path,
    _mtime: int,
    _size: int,
    language: str,
    docname: str,
    frameworks: tuple[str, ...],
    extensions: tuple[str, ...],
) -> Page:
    text = read_text(path)
    control = CONTROL.search(text)
    if control:
        problem = f"holds the control character U+{ord(control[0]):04X}"
        raise BookError.at(path, text.count("\n", 0, control.start()) + 1, problem, "delete it")
    return parse(text, path, language, docname, frameworks, extensions)


def parse(
    text: str,
    path: Path,
    language: str,
    docname: str,
    frameworks: Sequence[str],
    extensions: Sequence[str] = ("colon_fence", "dollarmath"),
) -> Page:
    """Parse a page.  Raises BookError for front matter that is not YAML; the rest is left to ``check``."""
    reader = _Reader(text, path, tuple(frameworks), markdown(tuple(extensions)))
    front_matter = reader.read()
    return Page(
        language=language,
        docname=docname,
        path=path,
        text=text,
        front_matter=front_matter,
        frameworks=front_matter.frameworks or tuple(frameworks),
        blocks=tuple(reader.blocks),
        groups=tuple(_groups(reader.members)),
        directives=tuple(reader.directives),
        labels=tuple(reader.labels),
        problems=tuple(reader.problems),
    )


@lru_cache(maxsize=8)
def markdown(extensions: tuple[str, ...]) -> MarkdownIt:
    """The parser of a page's blocks; what stands inside a line is left alone."""
    config = MdParserConfig(enable_extensions=set(extensions), disable_syntax=["inline"])
    return create_md_parser(config, RendererHTML)


@dataclass(slots=True)
class _Reader:
    text: str
    path: Path
    frameworks: tuple[str, ...]
    markdown: MarkdownIt
    blocks: list[Block] = field(default_factory=list)
    members: list[tuple[Member, int, int]] = field(default_factory=list)
    """with the index of their block and their last line"""
    directives: list[Directive] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)

    def problem(self, line: int, problem: str, mend: str) -> None:
        self.problems.append(Finding(str(self.path), line, problem, mend))

    def read(self) -> FrontMatter:
        tokens = self.markdown.parse(self.text + "\n")
        front_matter = FrontMatter()
        if tokens and tokens[0].type == "front_matter":
            front_matter = self.front_matter(tokens.pop(0))
        for token in _with_lines(tokens):
            first, end = token.map  # type: ignore[misc]
            directive = _directive(token)
            if directive:
                self.directive(token, *directive, nested=token.level > 0)
            if token.type == "myst_target":
                self.labels.append(Label(token.content, first + 1))
            elif token.type == "math_block_label":
                self.labels.append(Label(token.info, first + 1))
            if token.level == 0 or (token.type == "list_item_open" and token.level == 1):
                self.block(token, directive[0] if directive else "", first, end)
        return front_matter

    def block(self, token: Token, directive: str, first: int, end: int) -> None:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            return
        lines = self.text.split("\n")[first:end]
        while lines and not lines[-1].strip():
            lines.pop()
        kind = directive or token.type.removesuffix("_open").replace("_", "-")
        self.blocks.append(Block(kind, first + 1, first + len(lines), "\n".join(lines)))

    def front_matter(self, token: Token) -> FrontMatter:
        try:
            values = yaml.safe_load(token.content) or {}
            if not isinstance(values, dict):
                raise BookError.at(self.path, 1, "front matter is not a mapping", "write `key: value` lines")
        except yaml.YAMLError as error:
            raise BookError.at(
                self.path,
                yaml_line(error) + 1,
                f"front matter is not valid YAML ({yaml_problem(error)})",
                "mend the lines between the two `---`",
            ) from None
        return self._front_matter_values(values)

    def _front_matter_values(self, values: dict[str, Any]) -> FrontMatter:
        known: dict[str, Any] = {}
        for key in ("frameworks", "data"):
            value = values.get(key) or []
            if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
                self.problem(1, f"front matter `{key}` is not a list of names", f"write `{key}: [name]`")
            else:
                known[key] = tuple(value)
        for name in known.get("frameworks", ()):
            if name not in self.frameworks:
                self.problem(
                    1,
                    f"front matter names an unknown framework {name!r}",
                    "known: " + " ".join(self.frameworks),
                )
        known["frameworks"] = tuple(f for f in self.frameworks if f in known.get("frameworks", ()))
        for key, allowed in (
            ("devices", range(3)),
            ("timeout", range(1, 86400)),
            ("memory", range(1, 1 << 20)),
        ):
            value = values.get(key)
            if value is None:
                continue
            if not isinstance(value, int) or value not in allowed:
                self.problem(
                    1,
                    f"front matter `{key}: {value}` is out of range",
                    f"give a whole number from {allowed.start} to {allowed.stop - 1}",
                )
            else:
                known[key] = value
        return FrontMatter(**known)

    def directive(self, token: Token, name: str, argument: str, nested: bool) -> None:
        line, end = token.map[0] + 1, token.map[1]  # type: ignore[index]
        options, body, offset = self.options(name, token.content, line)
        if name in ("code-cell", "unavailable"):
            if nested:
                self.problem(
                    line,
                    f"a {{{name}}} stands inside a list or another directive",
                    "move it to the top level of the page (it would not be executed there)",
                )
            else:
                self.member(name, argument, options, body, line, line + 1 + offset, end)
            return
        text_options = tuple((k, "" if v is None else str(v)) for k, v in options.items())
        self.directives.append(Directive(name, argument, text_options, line, end))
        for key in ("name", "label"):
            if options.get(key):
                self.labels.append(Label(str(options[key]), line))
        if name not in LITERAL:
            self.nested(body, line + 1 + offset)

    def nested(self, body: str, first_line: int) -> None:
        for token in _with_lines(self.markdown.parse(body + "\n")):
            token.map = [x + first_line - 1 for x in token.map]  # type: ignore[union-attr]
            if token.type == "myst_target":
                self.labels.append(Label(token.content, token.map[0] + 1))
            found = _directive(token)
            if found:
                self.directive(token, *found, nested=True)

    def options(self, name: str, content: str, line: int) -> tuple[dict[str, Any], str, int]:
        """A directive's options, its body, and how many lines stand before the body."""
        lines = content.split("\n")
        count = 0
        if lines and lines[0].strip() == "---":
            count = next((i + 1 for i, x in enumerate(lines[1:], 1) if x.strip() == "---"), len(lines))
            block = "\n".join(lines[1 : count - 1])
        else:
            while count < len(lines) and re.match(r"\s*:[\w-]+:", lines[count]):
                count += 1
            block = "\n".join(x.strip()[1:] for x in lines[:count])
        try:
            # a cell's options are YAML, as MyST-NB reads them; other directives' are plain text
            values = (
                yaml.safe_load(dedent(block))
                if name == "code-cell" or lines[0].strip() == "---"
                else {k.strip(): v.strip() for k, _, v in (x.partition(":") for x in block.splitlines())}
            )
        except yaml.YAMLError as error:
            self.problem(
                line + yaml_line(error),
                f"options of {{{name}}} are not valid ({yaml_problem(error)})",
                "write `:key: value`, with text that holds `: ` or `#` in quotes",
            )
            values = {}
        if not isinstance(values, dict):
            values = {}
        while count < len(lines) and not lines[count].strip():
            count += 1
        body = lines[count:]
        while body and not body[-1].strip():
            body.pop()
        return values or {}, "\n".join(body), count

    def member(
        self,
        kind: str,
        argument: str,
        options: dict[str, Any],
        body: str,
        line: int,
        source_line: int,
        end: int,
    ) -> None:
        name = str(options.get("name") or "")
        unknown = set(options) - set(CELL_OPTIONS)
        if unknown:
            self.problem(
                line,
                f"{{{kind}}} has an unknown option {sorted(unknown)[0]!r}",
                "known: " + " ".join(CELL_OPTIONS),
            )
        if kind == "unavailable":
            member: Member = Unavailable(name, line, argument.strip(), body)
        else:
            tags = options.get("tags") or []
            if not isinstance(tags, list) or not all(isinstance(t, str) for t in tags):
                self.problem(line, f"tags of cell {name!r} are not a list", "write `:tags: [pytorch, save]`")
                tags = []
            alt = options.get("alt")
            member = Cell(
                name,
                line,
                source_line,
                body,
                frameworks=tuple(t for t in tags if t in self.frameworks),
                tags=tuple(t for t in tags if t not in self.frameworks),
                alt=str(alt) if alt else None,
                tolerance=self.tolerance(name, options.get("tolerance"), line),
            )
        self.members.append((member, len(self.blocks), end))

    def tolerance(self, name: str, value: Any, line: int) -> float | None:
        with contextlib.suppress(TypeError, ValueError):  # YAML takes 1e-3, without a point, for a word
            if value is None or 0 < float(value) < 1:
                return value if value is None else float(value)
        self.problem(
            line,
            f"tolerance {value!r} of cell {name!r} is no number between 0 and 1",
            "write `:tolerance: 1e-3`",
        )
        return None


def _with_lines(tokens: Sequence[Token]) -> Iterator[Token]:
    return (t for t in tokens if t.map and t.nesting >= 0)


def _directive(token: Token) -> tuple[str, str] | None:
    if token.type not in ("fence", "colon_fence"):
        return None
    found = DIRECTIVE.match(token.info.strip())
    return (found.group(1), found.group(2)) if found else None


def _groups(members: Sequence[tuple[Member, int, int]]) -> Iterator[Group]:
    """Runs of neighbouring members of one name."""
    run: list[tuple[Member, int, int]] = []
    for item in members:
        if run and (item[0].name != run[-1][0].name or item[1] != run[-1][1] + 1):
            yield _group(run)
            run = []
        run.append(item)
    if run:
        yield _group(run)


def _group(run: Sequence[tuple[Member, int, int]]) -> Group:
    return Group(run[0][0].name, run[0][0].line, run[-1][2], tuple(m for m, _, _ in run))
