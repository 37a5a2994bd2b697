"""The pages of one language: its own, and the English ones where it has none yet."""

from __future__ import annotations

from collections.abc import Iterable

from sphinx.application import Sphinx
from sphinx.project import Project

from bookbuild.config import Book


class BookProject(Project):
    """Sphinx's list of pages, completed from the English folder: no copy is made."""

    def __init__(self, app: Sphinx, book: Book, language: str) -> None:
        super().__init__(app.srcdir, app.config.source_suffix)
        self._book, self._language = book, language
        self.restore(app.project)

    def discover(self, exclude_paths: Iterable[str] = (), include_paths: Iterable[str] = ("**",)) -> set[str]:
        super().discover(exclude_paths, include_paths)
        for docname in self._book.pages:
            english = self._book.page_path(self._book.source, docname)
            if docname not in self.docnames and english.is_file():
                self.docnames.add(docname)
                self._docname_to_path[docname] = str(english)
                self._path_to_docname[str(english)] = docname
        return self.docnames


def page_language(book: Book, language: str, docname: str) -> str:
    """The language that the page is really read in."""
    return language if book.page_path(language, docname).is_file() else book.source
