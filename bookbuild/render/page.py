"""What stands around a page: the same page in other languages, downloads, scripts and styles."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from bookbuild.config import Book
from bookbuild.render.strings import strings

HERE = Path(__file__).parent
THEME = {"article_header_end": ["book-header.html"], "navbar_persistent": []}


def setup_page(app: Sphinx) -> None:
    book: Book = app.bookbuild_book
    # Colab opens notebooks of a public GitHub repository, not of any address: where the published site stands
    # in one, this names its folder, as https://colab.research.google.com/github/OWNER/REPOSITORY/blob/BRANCH
    app.add_config_value("bookbuild_colab", "", "html", str)
    app.connect("config-inited", add_folders)
    app.connect("html-page-context", complete_context, priority=100)  # before the theme tries its templates
    app.add_css_file("book.css", priority=900)
    app.add_js_file("before-paint.js", priority=100, **{"data-frameworks": " ".join(book.framework_keys)})
    app.add_js_file("book.js", loading_method="defer")


def add_folders(app: Sphinx, config: Config) -> None:
    config.templates_path = [*config.templates_path, str(HERE / "templates")]
    config.html_static_path = [*config.html_static_path, str(HERE / "static")]
    config.html_theme_options = THEME | config.html_theme_options
    config.html_context = {"default_mode": "auto"} | config.html_context


def complete_context(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    book: Book = app.bookbuild_book
    lang = app.config.bookbuild_language
    context["book"] = {"says": strings(lang), "languages": [], "downloads": []}
    if not app.config.bookbuild_site_layout or app.builder.name != "html":
        return
    top = f"{context['content_root']}../"
    page = app.builder.get_target_uri(pagename)
    context["book"]["languages"] = languages(book, lang, top, page)
    context["book"]["downloads"] = downloads(app, pagename, top)
    context["book"]["frameworks"] = " ".join(d["key"] for d in context["book"]["downloads"])
    if pagename in book.pages:
        context["metatags"] = context.get("metatags", "") + alternates(book, top, page)


def languages(book: Book, lang: str, top: str, page: str) -> list[dict[str, Any]]:
    """The same page in each language, by relative address."""
    return [
        {"title": x.title, "html": x.html, "href": f"{top}{x.key}/{page}", "current": x.key == lang}
        for x in book.languages
    ]


def downloads(app: Sphinx, pagename: str, top: str) -> list[dict[str, Any]]:
    """For each framework of the page: its notebook (where it has cells), Colab's address, the book's PDF."""
    book, config = app.bookbuild_book, app.config
    lang, published = config.bookbuild_language, config.bookbuild_downloads
    own = app.env.metadata.get(pagename, {}).get("book_frameworks") or ()
    found = []
    for framework in book.frameworks:
        if own and framework.key not in own:
            continue
        entry: dict[str, Any] = {"key": framework.key, "title": framework.title}
        notebook = f"notebooks/{lang}/{framework.key}/{pagename}.ipynb"
        if own and "notebooks" in published:
            entry["notebook"] = top + notebook
            if book.site and config.bookbuild_colab:
                entry["colab"] = f"{config.bookbuild_colab.rstrip('/')}/{notebook}"
        if "pdf" in published:
            entry["pdf"] = f"{top}pdf/{lang}/d2l-{lang}-{framework.key}.pdf"
        if len(entry) > 2:
            found.append(entry)
    return found


def alternates(book: Book, top: str, page: str) -> str:
    """``hreflang`` links for search engines; absolute where the site's address is known."""
    base = f"{book.site}/" if book.site else top
    targets = [(x.html, x.key) for x in book.languages] + [("x-default", book.source)]
    return "".join(
        f'\n<link rel="alternate" hreflang="{tag}" href="{escape(f"{base}{key}/{page}")}" />'
        for tag, key in targets
    )
