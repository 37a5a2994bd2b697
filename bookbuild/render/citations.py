"""Citations by author and year, with the language's own word between two authors."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

from bookbuild.render.strings import strings

STYLES = "sphinxcontrib.bibtex.style.referencing"


def use_language(app: Sphinx, config: Config) -> None:
    """Register the reference style of this run's language, and use it."""
    word = strings(config.bookbuild_language)["and"]

    def style() -> AuthorYearReferenceStyle:
        return AuthorYearReferenceStyle(person=PersonStyle(sep2=word))

    name = f"author_year_{config.bookbuild_language}"
    register_plugin(STYLES, name, style, force=True)  # type: ignore[arg-type]
    config.bibtex_reference_style = name


def setup_citations(app: Sphinx) -> None:
    app.connect("config-inited", use_language)
