"""The Sphinx extension: connects the parts of this room to Sphinx's events."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from bookbuild.config import TOC, find_root, load_book
from bookbuild.render.citations import setup_citations
from bookbuild.render.exercises import setup_exercises
from bookbuild.render.fallback import setup_fallback
from bookbuild.render.groups import setup_groups
from bookbuild.render.inputs import outdated, sources_digest, unwritten
from bookbuild.render.math import setup_math
from bookbuild.render.nodes import setup_nodes
from bookbuild.render.notebooks.builder import setup_notebooks
from bookbuild.render.page import setup_page
from bookbuild.render.pdf.builder import setup_pdf
from bookbuild.render.project import BookProject
from bookbuild.render.reader import note_reading, outputs_folder
from bookbuild.render.rubrics import setup_rubrics
from bookbuild.render.search import setup_search
from bookbuild.render.translations import setup_translations
from bookbuild.render.words import setup_words

READER = "bookbuild.render.reader.read_page"
PARTS = (
    setup_nodes,
    setup_groups,
    setup_exercises,
    setup_translations,
    setup_fallback,
    setup_page,
    setup_words,
    setup_math,
    setup_search,
    setup_pdf,
    setup_notebooks,
    setup_rubrics,
    setup_citations,
)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("bookbuild_frameworks", {}, "env", dict)
    app.add_config_value("bookbuild_languages", {}, "html", dict)
    app.add_config_value("bookbuild_site", "", "html", str)
    app.add_config_value("bookbuild_language", "en", "env", str)
    app.add_config_value("bookbuild_site_layout", False, "html", bool)
    app.add_config_value("bookbuild_downloads", [], "html", list)
    app.bookbuild_book = load_book(find_root(Path(app.srcdir)))
    for part in PARTS:
        part(app)
    if app.bookbuild_book.site:
        for extension in ("sphinxext.opengraph", "sphinx_sitemap"):
            app.setup_extension(extension)
    app.connect("config-inited", complete_configuration, priority=100)
    app.connect("builder-inited", use_book, priority=900)
    app.connect("source-read", note_reading)
    app.connect("env-get-outdated", outdated)
    app.connect("env-get-updated", unwritten)
    return {
        "version": app.bookbuild_book.version,
        "env_version": sources_digest(app.bookbuild_book.root),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def complete_configuration(app: Sphinx, config: Config) -> None:
    """What follows from the book's facts and is not written in ``_config.yml`` a second time."""
    book = app.bookbuild_book
    config.external_toc_path = str(book.root / TOC)  # the command line gives it relative to the root
    config.nb_custom_formats = {".md": [READER, {}, False]}
    config.nb_render_error_lexer = "text"  # a stored error is a message in words, not a whole traceback
    config.bibtex_bibfiles = [os.path.relpath(book.root / x, app.srcdir) for x in config.bibtex_bibfiles]
    if book.site:
        address = f"{book.site}/{config.bookbuild_language}/"
        config.html_baseurl = config.ogp_site_url = address
        config.ogp_site_name = book.language(config.bookbuild_language).book_title
        config.ogp_social_cards = {"enable": False}
        config.sitemap_url_scheme = "{link}"


def use_book(app: Sphinx) -> None:
    """After MyST-NB's configuration: the book's pages, and pictures out of the published folder."""
    app.project = app.env.project = BookProject(app, app.bookbuild_book, app.config.bookbuild_language)
    app.env.mystnb_config = app.env.mystnb_config.copy(output_folder=str(outputs_folder(app)))
