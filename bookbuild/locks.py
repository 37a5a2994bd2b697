"""``make lock``: write the complete locks from ``environments/*.in`` with uv.

Locks hold public versions only, for Linux and macOS.  What a CUDA build of a framework brings along
(``nvidia-*``, ``cuda-*``, ``triton``) stays out: the CPU build has none of it, and where only the CUDA build
is offered pip finds the matching ones by itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bookbuild import environments

TOOLS = ("build", "lock")
HASHED = ("build",)  # every machine kind finds the same files for these: no framework with a local CPU build
CUDA = re.compile(r"(nvidia|cuda)-|triton==")
HEADER = """\
# Complete lock of environments/{name}.in for Python {versions} on Linux and macOS; made by `make lock`
# (uv pip compile --universal --fork-strategy fewest).{cuda}
"""
CUDA_NOTE = " Without the packages of CUDA builds (nvidia-*, cuda-*, triton)."


def entries(compiled: str) -> list[str]:
    """The lock's entries, each with its hash lines."""
    return re.findall(r"^[^\s#].*(?:\n[ \t].*)*", compiled, re.MULTILINE)


def cleaned(compiled: str, name: str, versions: tuple[str, ...]) -> str:
    """uv's output as the lock we keep: our header, and no packages of CUDA builds."""
    found = entries(compiled)
    kept = [entry for entry in found if name.endswith(".gpu") or not CUDA.match(entry)]
    cuda = CUDA_NOTE if len(kept) < len(found) else ""
    header = HEADER.format(name=name, versions=", ".join(versions), cuda=cuda)
    return header + "\n".join(kept) + "\n"


def write_lock(root: Path, name: str, upgrade: bool) -> Path:
    """Compile one environment's requirements.  Without ``upgrade``, locked versions stay where they can."""
    versions = environments.supported(root, name)
    target = (
        root / "environments" / f"{name if name in TOOLS or name.endswith('.gpu') else f'{name}.cpu'}.txt"
    )
    with tempfile.TemporaryDirectory() as scratch:
        compiled = Path(scratch) / "lock.txt"
        if target.exists() and not upgrade:
            compiled.write_bytes(target.read_bytes())
        uv = environments.folder(root, "lock") / "bin" / "uv"
        command = [str(uv), "pip", "compile", "--quiet", "--no-config", "--no-header", "--no-annotate"]
        command += ["--universal", "--fork-strategy", "fewest", "--python-version", versions[0]]
        command += ["-o", str(compiled)]
        command += ["--generate-hashes"] if name in HASHED else []
        subprocess.run([*command, f"environments/{name}.in"], cwd=root, check=True)
        target.write_text(cleaned(compiled.read_text("utf-8"), name, versions), "utf-8")
    return target


def main(root: Path) -> int:
    upgrade = os.environ.get("BOOK_UPGRADE", "0") not in ("", "0")
    problem = environments.ensure(root, ["lock"])["lock"]
    if problem:
        print(problem, file=sys.stderr)
        return 1
    for name in environments.names(root):  # jax before jax.gpu, which keeps to its versions
        try:
            print(write_lock(root, name, upgrade).relative_to(root), flush=True)
        except subprocess.CalledProcessError as error:
            return error.returncode  # uv has said why
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent))
