"""Sphinx's part of the downloadable notebooks: one resolved page, one translation, all frameworks."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinxcontrib.bibtex.transforms import BibliographyTransform, node_text_transform

from bookbuild.config import Book
from bookbuild.files import digest, write_atomically
from bookbuild.render.notebooks.assemble import Text, assemble
from bookbuild.render.notebooks.translator import NotebookTranslator
from bookbuild.render.safe import svg

PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif")
GLOSSARY = "std-term"


class NotebookBuilder(Builder):
    """Writes ``<framework>/<page>.ipynb`` for every page and framework."""

    name = "notebook"
    format = "notebook"
    default_translator_class = NotebookTranslator
    supported_image_types: ClassVar[list[str]] = list(PICTURES)

    def init(self) -> None:
        self.book: Book = self.app.bookbuild_book
        self.language = self.config.bookbuild_language
        self.frameworks = tuple(self.config.bookbuild_notebook_frameworks) or self.book.framework_keys
        self.current_docname = ""

    def get_outdated_docs(self) -> Iterator[str]:
        yield from sorted(self.env.found_docs)

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        return f"{docname}.html"

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """The page's address on the site; a notebook that is read elsewhere knows no other."""
        return f"{self.book.site}/{self.language}/{to}.html" if self.book.site else ""

    def prepare_writing(self, docnames: set[str]) -> None:
        pass

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        if docname not in self.book.pages:
            return
        self.current_docname = docname
        self.post_process_images(doctree)
        references = tuple(self._references(docname, doctree))
        text = Text(self._markdown(doctree, doctree), references, self._references_title())
        for path, content in assemble(self.book, self.language, docname, self.frameworks, text):
            target = Path(self.outdir) / path
            if not target.is_file() or digest(target.read_bytes()) != digest(content):
                write_atomically(target, content)

    def finish(self) -> None:
        pass

    # what the translator asks

    def address(self, node: nodes.Element) -> str:
        """Where a reference leads, or nothing: no link of a notebook is dead."""
        if any(GLOSSARY in child.get("classes", []) for child in node.findall(nodes.inline)):
            return ""
        if not node.get("internal", "refid" in node):
            return node.get("refuri", "")
        if not self.book.site:
            return ""
        if "refid" in node:
            return f"{self.get_relative_uri('', self.current_docname)}#{node['refid']}"
        return node.get("refuri", "")

    def picture(self, node: nodes.image) -> str:
        """A picture as data, so that the notebook needs no other file."""
        uri = node["uri"]
        if "://" in uri:
            return uri
        path = Path(self.srcdir) / uri
        kind = mimetypes.guess_type(uri)[0] or "image/png"
        content = path.read_bytes()
        if kind == "image/svg+xml":
            content = (svg(content.decode("utf-8")) or "").encode()
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    def _markdown(self, document: nodes.document, part: nodes.Element) -> str:
        translator = self.create_translator(document, self)
        part.walkabout(translator)
        return translator.astext()

    def _references(self, docname: str, document: nodes.document) -> Iterator[str]:
        """The works that a page cites, as the bibliography writes them, each once."""
        domain = self.env.domains["cite"]
        cited = {t.key for ref in domain.citation_refs if ref.docname == docname for t in ref.targets}
        if any(place.docname == docname for place in domain.bibliographies):
            return
        for citation in domain.citations:
            if citation.key in cited:
                cited.discard(citation.key)
                entry = nodes.container("", BibliographyTransform.backend.paragraph(citation.formatted_entry))
                node_text_transform(entry)
                yield self._markdown(document, entry).strip()

    def _references_title(self) -> str:
        """The title of the page that holds the bibliography, in the page's language."""
        pages = [place.docname for place in self.env.domains["cite"].bibliographies]
        return self.env.titles[pages[0]].astext() if pages else ""


class LeaveOutputs(SphinxPostTransform):
    """Outputs go into a notebook as the store has them: the page's own rendering of them is not needed."""

    default_priority = 1
    formats = (NotebookBuilder.format,)

    def run(self, **kwargs: Any) -> None:
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") == "cell_code":
                cell.clear()


def setup_notebooks(app: Sphinx) -> None:
    """Called by the extension of the whole book."""
    app.setup_extension("sphinx_markdown_builder")
    app.add_config_value("bookbuild_notebook_frameworks", [], "", list)
    app.add_builder(NotebookBuilder)
    app.add_post_transform(LeaveOutputs)
