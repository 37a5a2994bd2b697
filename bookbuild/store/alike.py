"""Whether two runs of a cell gave alike outputs: by pattern where they are about time or the machine."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Outputs = tuple[dict[str, Any], ...]
VOLATILE = ("timing", "device")
"""tags of cells whose output another run need not repeat"""
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def volatile(tags: Collection[str]) -> bool:
    return any(tag in tags for tag in VOLATILE)


def alike(old: Outputs, new: Outputs, tags: Collection[str]) -> bool:
    """Whether outputs of a volatile cell say the same thing of another run.

    Those about a device need to be of the same kinds; those about time also have the same words.  What a
    picture shows does not count.
    """
    if [kind(o) for o in old] != [kind(o) for o in new]:
        return False
    pairs = ((a, b) for old_one, new_one in zip(old, new, strict=True)
             for a, b in zip(texts(old_one), texts(new_one), strict=True))  # fmt: skip
    return "device" in tags or all(a[0].startswith("image/") or words(a[1]) == words(b[1]) for a, b in pairs)


def kind(output: Mapping[str, Any]) -> tuple[str, ...]:
    """What sort of output it is: its type, its stream or error, its MIME types."""
    detail = output.get("name") or output.get("ename") or ""
    return (output["output_type"], detail, *sorted(output.get("data", ())))


def texts(output: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything that an output says, each with its MIME type."""
    if output["output_type"] == "stream":
        yield "text", output["text"]
    elif output["output_type"] == "error":
        yield "text", "\n".join(output["traceback"])
    else:
        for mime, value in sorted(output["data"].items()):
            yield mime, value if isinstance(value, str) else repr(value)


def words(text: str) -> list[str]:
    """The text with every number taken for the same; how numbers are padded does not count."""
    return NUMBER.sub("0", text).split()
