"""What is taken out of outputs at capture, rule by rule: each names what varies from run to run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

LONGEST = 32 * 1024
"""characters that are kept of what one cell prints"""
FLOOD = 1 << 20
"""characters that are taken at all, before the rules apply; the rest is thrown away as it comes"""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders whose place differs from machine to machine."""

    root: str
    folder: str
    """the run folder; the kernel works in ``work`` below it and sees d2l in ``lib``"""
    packages: str
    """site-packages of the environment"""
    library: str
    """Python's own modules"""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    varies: str
    apply: Callable[[str], str]
    changes: tuple[tuple[str, str], ...]
    """examples, before and after"""
    leaves: tuple[str, ...]
    """what looks alike and has to stay"""
    streams: tuple[str, ...] = ("stdout", "stderr", "text")
    """where it applies; ``text`` is everything that is no stream"""


def _pattern(pattern: str, replacement: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.M)
    return lambda text: compiled.sub(replacement, text)


def _overwritten(text: str) -> str:
    """What a terminal shows after carriage returns and backspaces."""
    if "\r" not in text and "\b" not in text:
        return text
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        shown = ""
        for piece in line.split("\r"):
            written: list[str] = []
            for character in piece if "\b" in piece else ():
                if character != "\b":
                    written.append(character)
                elif written:
                    written.pop()
            piece = "".join(written) if "\b" in piece else piece
            shown = piece + shown[len(piece) :]
        lines.append(shown.rstrip() if "\r" in line else shown)
    return "\n".join(lines)


RULES: tuple[Rule, ...] = (
    Rule(
        "terminal codes",
        "colours and cursor movements depend on the terminal",
        _pattern(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])", ""),
        changes=(("\x1b[0;31mred\x1b[0m", "red"), ("\x1b]0;title\x07text", "text")),
        leaves=("a[0;31m", "[31m]"),
    ),
    Rule(
        "overwritten lines",
        "a progress bar's intermediate states depend on time",
        _overwritten,
        changes=((" 10%\r 50%\r100%\n", "100%\n"), ("ab\bc", "ac")),
        leaves=("two\nlines\n", "100%\n"),
    ),
    Rule(
        "memory addresses",
        "the repr of an object without one of its own ends with its address",
        _pattern(r"(<[^<>\n]*?\w) (?:object )?at 0x[0-9a-fA-F]{6,16}(?=[>\s,:])", r"\1"),
        changes=(
            ("<function f at 0x7f3c2c1d0e50>", "<function f>"),
            ("<__main__.Net object at 0x7f3c2c1d0e50>", "<__main__.Net>"),
            ("<bound method N.f of <N object at 0x7f3c2c1d0e50>>", "<bound method N.f of <N>>"),
        ),
        leaves=("0x7f3c2c1d0e50", "look at 0x7f3c2c1d0e50 in memory", "<flag 0xff>", "<x at 0x10>"),
    ),
    Rule(
        "cells in messages",
        "IPython names a cell's file after its process and its text",
        _pattern(
            r"<ipython-input-[^>]*>|(?<![^\s\"'<>()])[^\s\"'<>()]*\bipykernel_\d+/\d+\.py|\b\d{5,}\.py(?=[,:])",
            "cell",
        ),
        changes=(
            ("/x/ipykernel_123/4567890.py:3: UserWarning: old", "cell:3: UserWarning: old"),
            ("invalid syntax (1234567890.py, line 1)", "invalid syntax (cell, line 1)"),
            ('File "tmp/ipykernel_123/4567890.py", line 9', 'File "cell", line 9'),
        ),
        leaves=("train_12345.py is here", "12345.pyc", "2024.py, line 1"),
    ),
    Rule(
        "lines in messages",
        "a comment in another cell moves the line that a message names",
        _pattern(r'("cell"), line \d+|\b(cell):\d+(?=[\s:])(?!: \w*Warning: )', r"\1\2"),
        changes=(
            ('  File "cell", line 9, in forward', '  File "cell", in forward'),
            ("the function compiled at cell:1 for jit", "the function compiled at cell for jit"),
        ),
        leaves=("(cell, line 1)", "a cell:1x", "excel:3 "),
    ),
    Rule(
        "lines of warnings",
        "a comment in the code moves the line; the echoed line may hold that comment",
        _pattern(r"^(cell|d2l/\S+\.py):\d+: (\w*Warning: .*)\n(?:  \S.*(?:\n|\Z))?", r"\1: \2\n"),
        changes=(
            ("cell:3: UserWarning: old\n  warn('old')\nnext\n", "cell: UserWarning: old\nnext\n"),
            ("d2l/torch.py:41: FutureWarning: new\n  f(x)\n", "d2l/torch.py: FutureWarning: new\n"),
        ),
        leaves=("site-packages/torch/nn.py:41: UserWarning: w\n  warn()\n", "cell: 3\n"),
        streams=("stderr",),
    ),
    Rule(
        "framework logs",
        "the frameworks' native logs carry times, process numbers and file lines",
        _pattern(
            r"^(?:[IWEF]\d{4} \d\d:\d\d:[\d.]+\s+\d+ \S+:\d+\] .*"
            r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d+: [IWEF] .*"
            r"|\[\d\d:\d\d:\d\d\] \S+:\d+: .*"
            r"|WARNING: All log messages before absl::InitializeLog\(\) is called.*)(?:\n|\Z)",
            "",
        ),
        changes=(
            ("I0000 00:00:1732150000.123456   12345 cpu_client.cc:88] made\n", ""),
            ("2026-01-31 10:11:12.345678: I tensorflow/core/x.cc:1] This TensorFlow binary\n", ""),
            ("[10:11:12] ../src/base.cc:79: cuDNN lib mismatch\n", ""),
        ),
        leaves=("[10:11:12] started\n", "2026-01-31: I was here\n", "Warning: all is well\n"),
        streams=("stderr",),
    ),
)


def rules(places: Places) -> tuple[Rule, ...]:
    """All rules, with those about folders made for ``places``."""
    return (*RULES[:2], _paths(places), *RULES[2:])


def _paths(places: Places) -> Rule:
    # the longest first: the run folder and the packages may lie inside the clone
    shorter = {places.packages: "site-packages", places.library: "python", places.root: ""}
    if places.folder:
        shorter |= {f"{places.folder}/work": "", f"{places.folder}/lib": "", places.folder: ""}
    ordered = sorted((p for p in shorter if p), key=len, reverse=True)
    # as a whole path: the clone may lie in /src, and https://example.org/src/ or https://src/ stay
    whole = {p: re.compile(rf"(?<![\w.-])(?<!:/){re.escape(p)}(?:(/)|(?![\w.-]))") for p in ordered}

    def apply(text: str) -> str:
        for path in ordered:
            inside, itself = f"{shorter[path]}/".lstrip("/"), shorter[path] or "."
            text = whole[path].sub(lambda m, a=inside, b=itself: a if m[1] else b, text)
        return text

    return Rule(
        "folders",
        "the clone, its environments and the run folder lie elsewhere on every machine",
        apply,
        changes=tuple((f"{p}/a.py", f"{shorter[p]}/a.py".lstrip("/")) for p in ordered),
        leaves=("/usr/share/a.py", "a/b.py"),
    )


def normal_outputs(
    outputs: Iterable[dict[str, Any]], places: Places, raising: str = ""
) -> tuple[dict[str, Any], ...]:
    """A cell's outputs as they are stored; ``raising`` is the line of the cell that raised."""
    found = rules(places)
    normal = (_normal(output, found, raising) for output in _joined(outputs))
    return tuple(output for output in normal if output is not None)


def normal_text(text: str, stream: str, found: Iterable[Rule]) -> str:
    for rule in found:
        if stream in rule.streams:
            text = rule.apply(text)
    return text


def _joined(outputs: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Streams between two other outputs as one of each kind: how they alternate depends on time."""
    streams: dict[str, str] = {}

    def flush() -> Iterator[dict[str, Any]]:
        for name in sorted(streams, reverse=True):  # stdout first
            yield {"output_type": "stream", "name": name, "text": streams[name]}
        streams.clear()

    for output in outputs:
        if output["output_type"] == "stream":
            streams[output["name"]] = streams.get(output["name"], "") + output["text"]
        else:
            yield from flush()
            yield output
    yield from flush()


def _normal(output: dict[str, Any], found: tuple[Rule, ...], raising: str) -> dict[str, Any] | None:
    kind = output["output_type"]
    if kind == "stream":
        text = _cut(normal_text(output["text"], output["name"], found))
        return {"output_type": kind, "name": output["name"], "text": text} if text.strip() else None
    if kind == "error":
        message = normal_text(output["evalue"], "text", found)
        trace = [f"----> {raising}"] if raising else []
        trace.append(f"{output['ename']}: {message}")
        return {"output_type": kind, "ename": output["ename"], "evalue": message, "traceback": trace}
    data = {mime: _normal_value(mime, value, found) for mime, value in sorted(output["data"].items())}
    kept: dict[str, Any] = {"output_type": kind, "data": data, "metadata": output.get("metadata", {})}
    return kept | {"execution_count": None} if kind == "execute_result" else kept


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    more = f"more than {FLOOD - LONGEST}" if len(text) >= FLOOD else f"{len(text) - LONGEST} more"
    return f"{text[:LONGEST]}\n[{more} characters are not kept]\n"


def _normal_value(mime: str, value: Any, found: tuple[Rule, ...]) -> Any:
    if mime == "image/svg+xml":
        return re.sub(r"\s*<metadata>.*?</metadata>", "", value, flags=re.S)  # date and program
    if isinstance(value, str) and mime.startswith("text/"):
        return _cut(normal_text(value, "text", found))
    return value
