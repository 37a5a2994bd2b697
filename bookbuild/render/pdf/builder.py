"""Sphinx's LaTeX builder, writing one book for each framework; part of the extension ``bookbuild.render``."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.latex import LaTeXBuilder
from sphinx.builders.latex.theming import Theme

from bookbuild.config import Book
from bookbuild.render.nodes import keep_framework
from bookbuild.render.pdf.settings import edition, latex_elements
from bookbuild.render.pdf.svg import SvgToPdf
from bookbuild.render.pdf.transforms import (
    KeepBibliographyPlace,
    MoveBibliographyBack,
    PreferDrawings,
    open_exercises,
    say_once,
)
from bookbuild.render.pdf.translator import BookLaTeXTranslator


class BookLaTeXBuilder(LaTeXBuilder):
    """Takes the place of Sphinx's own, so that its name goes on choosing LaTeX everywhere.

    References are resolved once; each framework's book is written from a copy of that tree.
    """

    default_translator_class = BookLaTeXTranslator

    def init(self) -> None:
        self.book: Book = self.app.bookbuild_book
        self.book_language = self.book.language(self.config.bookbuild_language)
        self.framework = self.book.frameworks[0]
        self.resolved: nodes.document | None = None
        elements = latex_elements(self.book_language)
        self.config.latex_elements = {**elements, **self.config.latex_elements}
        super().init()

    def write(self, *ignored: Any) -> None:
        self.resolved = None
        for key in self.config.bookbuild_pdf_frameworks or self.book.framework_keys:
            self.framework = self.book.framework(key)
            self.document_data = []
            self.config.latex_documents = [
                (
                    self.config.root_doc,
                    f"{file_stem(self.book_language.key, key)}.tex",
                    self.book_language.book_title,
                    self.book.author,
                    "manual",
                    False,
                )
            ]
            super().write(*ignored)

    def assemble_doctree(self, indexfile: str, toctree_only: bool, appendices: list[str]) -> nodes.document:
        if self.resolved is None:
            self.resolved = super().assemble_doctree(indexfile, toctree_only, appendices)
        tree = self.resolved.deepcopy()
        keep_framework(tree, self.framework.key)
        say_once(tree)
        open_exercises(tree)
        return tree

    def update_doc_context(self, title: str, author: str, theme: Theme) -> None:
        super().update_doc_context(title, author, theme)
        own = self.config.latex_elements.get("preamble", "")
        self.context["preamble"] = own + edition(self.book, self.book_language, self.framework)


def file_stem(language: str, framework: str) -> str:
    return f"d2l-{language}-{framework}"


def setup_pdf(app: Sphinx) -> None:
    """Called by the extension of the whole book."""
    app.add_config_value("bookbuild_pdf_frameworks", [], "", list)
    app.add_builder(BookLaTeXBuilder, override=True)
    for transform in (PreferDrawings, KeepBibliographyPlace, MoveBibliographyBack, SvgToPdf):
        app.add_post_transform(transform)
