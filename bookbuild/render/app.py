"""Sphinx for one language of the book, in this process, over Jupyter Book's configuration."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from jsonschema import ValidationError
from jupyter_book.config import get_final_config
from jupyter_book.pdf import update_latex_documents
from sphinx import locale
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from bookbuild.config import CONFIG, TOC, Book
from bookbuild.errors import BookError, Finding
from bookbuild.files import fault, read_text
from bookbuild.pages.book import require_sound_pages
from bookbuild.render.findings import WarningLog, findings
from bookbuild.render.strings import strings

OWN_PAGES = ("genindex", "search")
"""what Sphinx writes beside the book's pages"""
UNUSED = ("sphinx_comments", "sphinx_thebe")
"""extensions of Jupyter Book that load scripts from elsewhere on every page; the book has no use for them"""


def configuration(book: Book, lang: str, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Sphinx's configuration for one language, with Jupyter Book's ``latex_doc_overrides`` left in it."""
    language = book.language(lang)
    user = yaml.safe_load(read_text(book.root / CONFIG))
    user["title"] = language.book_title
    try:
        config, meta = get_final_config(
            user_yaml=copy.deepcopy(user),
            sourcedir=book.root / "chapters" / lang,
            raise_on_invalid=True,
            cli_config={"latex_individualpages": False},
        )
    except ValidationError as error:
        raise BookError.at(CONFIG, 0, error.message.strip(), "see Jupyter Book's reference") from None
    config["extensions"] = [x for x in config["extensions"] if x not in UNUSED]
    config.pop("comments_config", None)
    theme = dict(config.get("html_theme_options") or {})
    theme["search_bar_text"] = strings(lang)["search"]
    config.update(
        external_toc_path=str(book.root / TOC),
        language=language.sphinx,
        project=language.book_title,
        bookbuild_language=lang,
        html_theme_options=theme,
        latex_doc_overrides=meta["latex_doc_overrides"],
        templates_path=[],  # its own: the theme appends to the default one, which the whole process shares
        **strings(lang)["configuration"],
    )
    config.update(overrides or {})
    return config


@contextmanager
def sphinx_app(
    book: Book,
    lang: str,
    builder: str,
    outdir: Path,
    doctreedir: Path,
    overrides: Mapping[str, Any] | None = None,
) -> Iterator[Sphinx]:
    """Open Sphinx for one language; build inside the ``with`` block.

    Every warning is an error: they are collected and raised together, as one BookError, when the block ends.
    """
    config = configuration(book, lang, overrides)
    latex = config.pop("latex_doc_overrides")
    source, log = book.root / "chapters" / lang, WarningLog()
    source.mkdir(parents=True, exist_ok=True)
    locale.translators.clear()  # else the words of a language built before would stay
    try:
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                source, None, outdir, doctreedir, builder, confoverrides=config, status=None, warning=log
            )
            app.config.latex_documents = update_latex_documents(app.config.latex_documents, latex)
            if app.config.use_multitoc_numbering:
                app.setup_extension("sphinx_multitoc_numbering")
            yield app
    except SphinxError as error:
        raise BookError([*findings(book, log.records), *_failure(book, error)]) from None
    except OSError as error:
        raise fault(error, book.relative(outdir)) from None
    finally:
        _forget_handlers()
    if log.records:
        found = findings(book, log.records)
        _read_again(book, doctreedir, found)
        raise BookError(found)


def _read_again(book: Book, doctreedir: Path, found: Iterable[Finding]) -> None:
    """Without its doctree a page is read and written anew: a fault is said until it is mended."""
    for finding in found:
        parts = Path(finding.path).with_suffix("").parts
        if parts[:1] == ("chapters",):
            (doctreedir / Path(*parts[2:])).with_suffix(".doctree").unlink(missing_ok=True)


def build_html(book: Book, lang: str, downloads: Sequence[str] = ()) -> None:
    """The site of one language, in ``_build/html/<lang>``.

    ``downloads`` (of ``notebooks``, ``pdf``) names what is published beside it: a page links to nothing else.
    """
    require_sound_pages(book, (lang,))  # before Sphinx sees one of them
    outdir = book.root / "_build" / "html" / lang
    doctrees = book.root / "_build" / "doctrees" / lang
    overrides = {"bookbuild_site_layout": True, "bookbuild_downloads": sorted(downloads)}
    with sphinx_app(book, lang, "html", outdir, doctrees, overrides) as app:
        app.build()
    for path in outdir.rglob("*.html"):
        docname = path.relative_to(outdir).with_suffix("").as_posix()
        if docname not in (*book.pages, *OWN_PAGES) and not docname.startswith("_static/"):
            path.unlink()  # of a page that the book no longer has


def _relative(book: Book, finding: Finding) -> Finding:
    return replace(finding, path=book.relative(Path(finding.path)))


def _failure(book: Book, error: SphinxError) -> tuple[Finding, ...]:
    if isinstance(error, BookError):
        return tuple(_relative(book, f) for f in error.findings)
    return findings(book, [f"WARNING: {error}"])


def _forget_handlers() -> None:
    """Sphinx leaves handlers on its logger that hold the application; the next one needs none of them."""
    logger = logging.getLogger("sphinx")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
