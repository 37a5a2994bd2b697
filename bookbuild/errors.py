"""What can be wrong with the book, said in one line: file, line, what is wrong, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong at one place; ``line`` 0 means the whole file."""

    path: str
    line: int
    problem: str
    mend: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        mark = "" if self.severity == "error" else "warning: "
        return f"{place}: {mark}{self.problem}; {self.mend}"


class BookError(Exception):
    """Bad input.  Carries one or more findings; the command line prints them and exits with 1."""

    def __init__(self, findings: Finding | Iterable[Finding]) -> None:
        self.findings = (findings,) if isinstance(findings, Finding) else tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))

    def __reduce__(self) -> tuple[type[BookError], tuple[tuple[Finding, ...]]]:
        return type(self), (self.findings,)

    @classmethod
    def at(cls, path: str | Path, line: int, problem: str, mend: str) -> BookError:
        return cls(Finding(str(path), line, problem, mend))
