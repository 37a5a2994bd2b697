"""Pages that a language does not have yet: the English text, said to be English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from bookbuild.render.project import page_language
from bookbuild.render.strings import strings
from bookbuild.translation.book import own_terms


class EnglishFallback(SphinxTransform):
    """Mark the page's sections as English and put a notice, in the site's language, under the title."""

    default_priority = 35

    def apply(self, **kwargs: Any) -> None:
        book, language = self.app.bookbuild_book, self.config.bookbuild_language
        own = page_language(book, language, self.env.docname)
        if own == language or self.env.docname not in book.pages:
            return
        says = strings(language)["fallback"]
        tag, own_tag = (f"language-{book.language(key).html}" for key in (language, own))
        for section in self.document.children:
            if isinstance(section, nodes.section):
                section["classes"].append(own_tag)
        lead_to_own_terms(self.document, own_terms(book, language))
        notice = nodes.note("", nodes.paragraph("", says), classes=["fallback-notice", tag])
        title = next(self.document.findall(nodes.title), None)
        if title is None:
            self.document.insert(0, notice)
        else:
            title.parent.insert(title.parent.index(title) + 1, notice)


def lead_to_own_terms(node: nodes.Element, own: Mapping[str, str]) -> None:
    """English terms lead to the language's own entries; one that it does not have stays without a link."""
    terms = {english.lower(): word for english, word in own.items()}
    for reference in node.findall(addnodes.pending_xref):
        if reference["reftype"] == "term":
            target = " ".join(reference["reftarget"].lower().split())
            reference["reftarget"] = terms.get(target, reference["reftarget"])
            reference["refwarn"] = False


def setup_fallback(app: Sphinx) -> None:
    app.add_transform(EnglishFallback)
