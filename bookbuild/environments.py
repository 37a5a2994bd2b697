"""Virtual environments of the clone: ``.venv/<name>`` from its lock, made again when the lock changes.

Runs on any Python from 3.9 with nothing installed: it makes the environment that everything else runs in.
``environments/<name>.in`` says which Python versions and machines an environment supports; its lock is
``environments/<name>.txt`` (build, lock, pytorch.gpu) or ``environments/<name>.cpu.txt`` (pytorch).
"""

from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bookbuild import system

Report = Callable[[str], None]

STAMP = "lock.txt"  # in the environment: the lock it was made from, written last
# on all cores; pip would use one
COMPILE = "import compileall, sys; compileall.compile_dir(sys.prefix + '/lib', quiet=2, workers=0)"


class Problem(Exception):
    """Why an environment cannot exist here, in one line."""


# --- what an environment is ---------------------------------------------------------------------------------


def folder(root: Path, name: str) -> Path:
    return root / ".venv" / name


def interpreter(root: Path, name: str) -> Path:
    """The Python that runs inside the environment (which may not exist yet)."""
    return folder(root, name) / "bin" / "python"


def lock(root: Path, name: str) -> Path:
    """The environment's lock: ``<name>.txt``, or ``<name>.cpu.txt`` for a framework."""
    exact = root / "environments" / f"{name}.txt"
    return exact if exact.exists() else root / "environments" / f"{name}.cpu.txt"


def names(root: Path) -> tuple[str, ...]:
    """Every environment that has requirements."""
    return tuple(sorted(path.name[: -len(".in")] for path in (root / "environments").glob("*.in")))


def ready(root: Path, name: str) -> bool:
    """Whether the environment was made, completely, from the lock as it is now.  Starts nothing."""
    try:
        current = lock(root, name).read_bytes()
        made_from = (folder(root, name) / STAMP).read_bytes()
    except OSError:
        return False
    return current == made_from and interpreter(root, name).exists() and _made_by_choice(root, name)


def supported(root: Path, name: str) -> tuple[str, ...]:
    """The Python versions, best first, that ``environments/<name>.in`` declares: ``# python: 3.11 3.12``."""
    return _declared(root, name, "python") or ("3.11", "3.12", "3.13")


def _declared(root: Path, name: str, key: str) -> tuple[str, ...]:
    try:
        text = (root / "environments" / f"{name}.in").read_text(encoding="utf-8")
    except OSError:
        return ()
    found = re.search(rf"^# {key}:(.*)$", text, re.MULTILINE)
    return tuple(found.group(1).split()) if found else ()


# --- which Python makes it ----------------------------------------------------------------------------------


def variable(name: str) -> str:
    """The variable that chooses an environment's interpreter (make passes ``PYTHON_JAX=`` on as this)."""
    return "BOOK_PYTHON_" + re.sub(r"\W", "_", name).upper()


def _made_by_choice(root: Path, name: str) -> bool:
    """Whether the environment was made by the interpreter that the user chose, if they chose one."""
    chosen = os.environ.get(variable(name))
    if not chosen:
        return True
    path = shutil.which(os.path.expanduser(chosen))
    return path is not None and _base(path) == _base(str(interpreter(root, name)))


def _base(python: str) -> str | None:
    """The real executable behind an interpreter, whether a link, a shim or a virtual environment."""
    return _ask(python, "import os, sys; print(os.path.realpath(sys._base_executable))")


def _ask(python: str, question: str) -> str | None:
    """What the interpreter prints, or None when it does not run (a shim of an absent version, say)."""
    command = [python, "-I", "-c", question]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _probe(python: str) -> tuple[str, bool] | None:
    """An interpreter's version (``3.11``) and whether it can make virtual environments."""
    answer = _ask(
        python,
        "import sys, importlib.util as u; "
        "print('%d.%d' % sys.version_info[:2], all(map(u.find_spec, ('venv', 'ensurepip'))))",
    )
    if answer is None:
        return None
    version, venv = answer.split()
    return version, venv == "True"


def choose(root: Path, name: str) -> list[str]:
    """The command that makes an empty environment when a folder is appended.

    Takes ``PYTHON_<NAME>=``, else the first supported version on PATH, else uv.  Raises Problem.
    """
    machines = _declared(root, name, "machine")
    if machines and platform.machine() not in machines:
        raise Problem(f"needs a machine of type {' or '.join(machines)}; this one is {platform.machine()}")
    versions, setting = supported(root, name), variable(name)[len("BOOK_") :]
    chosen = os.environ.get(variable(name))
    if chosen:
        return _chosen(chosen, setting, versions)
    without_venv = None
    for python in _on_path(versions):
        version, has_venv = _probe(python) or ("", False)
        if version in versions and has_venv:
            return [python, "-I", "-m", "venv"]
        if version in versions:
            without_venv = without_venv or (python, version)
    uv = shutil.which("uv")
    if uv:
        return [uv, "venv", "--seed", "--no-project", "--python", versions[0]]
    if without_venv:
        raise Problem(_no_venv(*without_venv))
    mend = f"install one, install uv, or set {setting}="
    raise Problem(f"needs Python {_either(versions)}, and none is on PATH; {mend}")


def _chosen(python: str, setting: str, versions: tuple[str, ...]) -> list[str]:
    path = shutil.which(os.path.expanduser(python))
    found = _probe(path) if path else None
    if path is None or found is None:
        raise Problem(f"{setting}={python} is not a Python that runs; give the path of {_either(versions)}")
    version, has_venv = found
    if version not in versions:
        raise Problem(f"{setting}={python} is Python {version}; this environment needs {_either(versions)}")
    if not has_venv:
        raise Problem(_no_venv(path, version))
    return [path, "-I", "-m", "venv"]


def _on_path(versions: tuple[str, ...]) -> Iterator[str]:
    """Candidates in order: this interpreter's version only decides after the preferred ones."""
    for program in [f"python{version}" for version in versions] + ["python3", "python"]:
        for place in os.get_exec_path():
            path = os.path.join(place, program)
            if os.access(path, os.X_OK) and not os.path.isdir(path):
                yield path
    yield getattr(sys, "_base_executable", sys.executable)


def _no_venv(python: str, version: str) -> str:
    return f"{python} (Python {version}) has no venv module; install it: apt-get install python{version}-venv"


def _either(versions: tuple[str, ...]) -> str:
    return " or ".join(versions)


# --- making it ----------------------------------------------------------------------------------------------


def ensure(root: Path, wanted: Iterable[str], report: Report = print) -> dict[str, str | None]:
    """Make the environments that are missing or out of date, side by side.

    Returns, for each name, None when it is ready, else one line that says why it cannot exist here.
    With every environment present nothing is started and no network is used.
    """
    wanted = tuple(dict.fromkeys(wanted))
    missing = [name for name in wanted if not ready(root, name)]
    results: dict[str, str | None] = dict.fromkeys(wanted)
    if missing:
        voice = threading.Lock()

        def say(line: str) -> None:
            with voice:
                report(line)

        with ThreadPoolExecutor(max_workers=len(missing)) as pool:
            results.update(pool.map(lambda name: (name, _make(root, name, say)), missing))
    return results


def _make(root: Path, name: str, report: Report) -> str | None:
    try:
        if not lock(root, name).is_file():
            known = ", ".join(names(root))
            raise Problem(f"has no lock {lock(root, name).relative_to(root)}; known environments: {known}")
        with _alone(root, name, report) as held:
            if not ready(root, name):
                _create(root, name, report, held)
    except Problem as problem:
        return f"environment {name}: {problem}"
    except OSError as error:
        return f"environment {name}: {error.filename or folder(root, name)}: {error.strerror}"
    return None


@contextmanager
def _alone(root: Path, name: str, report: Report) -> Iterator[int]:
    """Hold the environment's lock file.  Children inherit it, so an orphaned pip still counts as at work."""
    path = folder(root, name).with_name(f"{name}.lock")
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"{name}: another process is making it; waiting")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _create(root: Path, name: str, report: Report, held: int) -> None:
    """Build in place, because it cannot be moved afterwards; keep the one before until this one stands."""
    maker = choose(root, name)
    problem = system.install(name, report)
    if problem:
        raise Problem(f"needs Debian packages: {problem}")
    new, before = folder(root, name), folder(root, name).with_name(f"{name}.before")
    log = new.with_name(f"{name}.log")
    started = time.monotonic()
    if (new / STAMP).exists():
        shutil.rmtree(before, ignore_errors=True)
        new.rename(before)
    elif new.exists():
        shutil.rmtree(new)  # an interrupted creation
    try:
        content = lock(root, name).read_bytes()
        with log.open("w", encoding="utf-8") as output:
            report(f"{name}: creating the environment")
            _run([*maker, str(new)], output, held, lambda line: None)
            _install(root, name, output, held, lambda phase: report(f"{name}: {phase} ({_since(started)})"))
        if name == "build":
            _see_the_clone(new)
        _stamp(new, content)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        if before.exists():
            before.rename(new)
        raise
    shutil.rmtree(before, ignore_errors=True)
    log.unlink()
    report(f"{name}: ready ({_since(started)})")


def _install(root: Path, name: str, output, held: int, phase: Report) -> None:
    phase("downloading")
    python, requirements = str(interpreter(root, name)), lock(root, name)
    pip = [python, "-I", "-m", "pip", "install", "--no-input", "--no-compile", "--disable-pip-version-check"]
    options = ["--progress-bar", "off", "-r", str(requirements)]
    if b"--hash=" in requirements.read_bytes():
        options.append("--no-deps")  # such a lock fits as it is; nothing is left to resolve

    def watch(line: str) -> None:
        if line.startswith("Installing collected packages"):
            phase("installing")

    _run([*pip, *options], output, held, watch)
    phase("compiling")
    _run([python, "-I", "-W", "ignore", "-c", COMPILE], output, held, lambda line: None)


def _run(command: list[str], output, held: int, watch: Report) -> None:
    """Run to the end, every line into the log.  A failure becomes a Problem with the line that says why."""
    env = {key: os.environ[key] for key in os.environ if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    env.update(PIP_USER="0", PYTHONUNBUFFERED="1")
    reason = ""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", env=env, pass_fds=(held,),
    ) as process:  # fmt: skip
        for line in process.stdout or ():
            output.write(line)
            watch(line)
            if line.startswith("ERROR") or (line.strip() and not reason.lower().startswith("error")):
                reason = line.strip()
    if process.returncode:
        output.flush()
        raise Problem(f"{_short(command)} failed: {reason or 'no message'}; all of it: {_place(output.name)}")


def _short(command: list[str]) -> str:
    if "--seed" in command:
        return f"no Python {command[-2]} with venv on PATH, and uv"
    return "pip" if "pip" in command else Path(command[0]).name


def _place(log: str) -> str:
    return os.path.join(".venv", os.path.basename(log))


def _see_the_clone(environment: Path) -> None:
    """Make the clone's ``bookbuild`` and ``d2l`` importable; the path is relative, so the clone may move."""
    (packages,) = (environment / "lib").glob("python3.*/site-packages")
    clone = os.path.relpath(environment.parent.parent, packages)
    (packages / "clone.pth").write_text(clone + "\n", encoding="utf-8")


def _stamp(environment: Path, content: bytes) -> None:
    temporary = environment / f"{STAMP}.new"
    temporary.write_bytes(content)
    temporary.replace(environment / STAMP)


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"


def main(root: Path, arguments: list[str]) -> int:
    if not arguments:
        _to_stderr(f"usage: python3 -m bookbuild.environments NAME...; known: {', '.join(names(root))}")
        return 2
    problems = [problem for problem in ensure(root, arguments, _to_stderr).values() if problem]
    for problem in problems:
        _to_stderr(problem)
    return 1 if problems else 0


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent, sys.argv[1:]))
