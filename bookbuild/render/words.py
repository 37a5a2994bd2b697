"""The theme's own words, where its catalogues lack a language of the book."""

from __future__ import annotations

from gettext import NullTranslations

from sphinx.application import Sphinx

from bookbuild.render.strings import strings


class Words(NullTranslations):
    """The last catalogue asked."""

    def __init__(self, words: dict[str, str]) -> None:
        super().__init__()
        self._words = words

    def gettext(self, message: str) -> str:
        return self._words.get(message, message)


def add_words(app: Sphinx) -> None:
    app.translator.add_fallback(Words(strings(app.config.bookbuild_language)["theme"]))


def setup_words(app: Sphinx) -> None:
    app.connect("config-inited", lambda app, config: add_words(app))
