"""Words of the theme and of sphinx-exercise that their catalogues lack, or that do not fit there."""

from __future__ import annotations

from gettext import NullTranslations

from sphinx import locale
from sphinx.application import Sphinx

from bookbuild.render.strings import strings

EXERCISE = ("general", "exercise")


class Words(NullTranslations):
    """A catalogue from a dictionary; what it lacks, its fallback says."""

    def __init__(self, words: dict[str, str]) -> None:
        super().__init__()
        self._words = words

    def gettext(self, message: str) -> str:
        return self._words.get(message) or super().gettext(message)


def add_words(app: Sphinx) -> None:
    says = strings(app.config.bookbuild_language)
    app.translator.add_fallback(Words(says["theme"]))
    first = Words(says["exercise"])
    if EXERCISE in locale.translators:
        first.add_fallback(locale.translators[EXERCISE])
    locale.translators[EXERCISE] = first


def setup_words(app: Sphinx) -> None:
    app.connect("config-inited", lambda app, config: add_words(app))
