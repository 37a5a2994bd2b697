"""``make serve``: the site on loopback, rebuilt when a file changes, reloaded in the browser."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path

from watchfiles import watch

from bookbuild.build import Request, Task, build, publish, published, render
from bookbuild.config import CONFIG, TOC, Book, Selection, load_book
from bookbuild.errors import BookError, Finding

WATCHED = ("chapters", "figures", "outputs", "d2l", "data", CONFIG, TOC)
RELOAD = "/-/changes-after-"
SCRIPT = '<script>new EventSource("{address}").onmessage = () => location.reload()</script></body>'


class Changes:
    """Counts finished rebuilds; a browser waits for one that it has not seen."""

    def __init__(self) -> None:
        self.count = 0
        self._condition = threading.Condition()

    def announce(self) -> None:
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def wait(self, seen: int, seconds: float) -> bool:
        """Whether there is a newer one than ``seen`` within that time."""
        with self._condition:
            return self._condition.wait_for(lambda: self.count != seen, seconds)


class Handler(SimpleHTTPRequestHandler):
    """Static files, with the reloading script put into pages on their way out, never into the files."""

    def __init__(self, *args: object, changes: Changes, **kwargs: object) -> None:
        self.changes = changes
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path.startswith(RELOAD):
            seen = self.path.removeprefix(RELOAD)
            self._events(int(seen) if seen.isdecimal() else self.changes.count)
            return
        path = Path(self.translate_path(self.path))
        page = path / "index.html" if path.is_dir() and self.path.endswith("/") else path
        if page.suffix == ".html" and page.is_file():
            self._page(page)
        else:
            super().do_GET()

    def _page(self, page: Path) -> None:
        # the count is taken before the page: a rebuild between the two costs one reload, and is never missed
        script = SCRIPT.format(address=f"{RELOAD}{self.changes.count}")
        body = page.read_text("utf-8").replace("</body>", script).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _events(self, seen: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            while True:
                changed = self.changes.wait(seen, 15)
                seen = self.changes.count
                self.wfile.write(b"data: changed\n\n" if changed else b": still here\n\n")
                self.wfile.flush()
        except OSError:
            return  # the browser left

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not news."""


def server(site: Path, port: int, changes: Changes) -> ThreadingHTTPServer:
    """A server on loopback that is not yet running.  Raises BookError for a port that cannot be had."""
    handler = partial(Handler, directory=str(site), changes=changes)
    try:
        http = ThreadingHTTPServer(("127.0.0.1", port), handler)  # type: ignore[arg-type]
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BookError.at(f"PORT={port}", 0, f"cannot be used ({reason})", "give another one") from None
    http.daemon_threads = True
    return http


def touched(book: Book, languages: Iterable[str], paths: Iterable[Path]) -> tuple[str, ...]:
    """The languages to rebuild: a translated page touches its own, everything else touches all."""
    changed = set()
    for path in paths:
        parts = path.relative_to(book.root).parts
        own = parts[1] if parts[0] == "chapters" and len(parts) > 2 else ""
        changed |= {own} if own in book.language_keys and own != book.source else set(languages)
    return tuple(x for x in languages if x in changed)


def serve(book: Book, languages: tuple[str, ...], port: int, say: Callable[[str], None]) -> None:
    """Build, serve and rebuild until interrupted."""
    chosen = Selection(languages, book.framework_keys, book.pages)
    try:
        build(book, Request(("html",), chosen, strict=False, execute=False), say)
    except BookError as error:  # what is wrong can be mended while the rest is served
        say(str(error))
    changes = Changes()
    http = server(book.root / "_build" / "html", port, changes)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    say(f"serving on http://127.0.0.1:{http.server_port}/  (Ctrl+C ends it)")
    paths = [book.root / name for name in WATCHED if (book.root / name).exists()]
    workers = min(os.cpu_count() or 1, len(languages))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for batch in watch(*paths, raise_interrupt=False, debounce=200):
            try:
                rebuild(load_book(book.root), languages, [Path(p) for _, p in batch], pool, say)
            except BookError as error:  # of _config.yml or _toc.yml; the next edit may mend it
                say(str(error))
            else:
                changes.announce()
    http.shutdown()


def rebuild(
    book: Book,
    languages: tuple[str, ...],
    paths: list[Path],
    pool: ProcessPoolExecutor,
    say: Callable[[str], None],
) -> None:
    """Render what the changed files touch; findings are printed and the old pages stay."""
    tasks = [
        Task("pages", x, book.framework_keys, published(book, x)) for x in touched(book, languages, paths)
    ]
    found: dict[Finding, None] = {}  # an English page's findings come from every language: say each once
    for task, future in [(t, pool.submit(render, book.root, t, ("html",))) for t in tasks]:
        seconds, findings = future.result()
        say(f"{task.language}: {seconds:.1f} s")
        found.update(dict.fromkeys(findings))
    for finding in found:
        say(str(finding))
    publish(book)
