"""Search in Chinese: the text has no spaces, so every two neighbouring characters are a word of the index."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

CHINESE = re.compile(r"[㐀-鿿豈-﫿]+")


def pairs(text: str) -> Iterator[str]:
    """``参数量`` to ``参``, ``数``, ``量``, ``参数``, ``数量``: what a query may look for."""
    for run in CHINESE.findall(text):
        yield from run
        yield from (run[i : i + 2] for i in range(len(run) - 1))


class SearchPairs(SearchChinese):
    """Sphinx's Chinese search finds Chinese words only with a segmenter of its own, which we do without."""

    js_splitter_code = """
function splitQuery(query) {
  const words = query.split(/[^\\p{Letter}\\p{Number}_]+/u).filter(Boolean);
  return words.flatMap((word) => word.split(/([㐀-鿿豈-﫿]+)/u).filter(Boolean))
    .flatMap((word) => /^[㐀-鿿豈-﫿]/u.test(word) && word.length > 2
      ? [...word].slice(1).map((character, index) => word[index] + character)
      : [word]);
}
"""

    def split(self, input: str) -> list[str]:
        latin = self.latin1_letters.findall(input)
        self.latin_terms.extend(latin)
        return [*pairs(input), *latin]

    def word_filter(self, stemmed_word: str) -> bool:
        return len(stemmed_word) > 1 or bool(CHINESE.match(stemmed_word))


def setup_search(app: Sphinx) -> None:
    app.add_search_language(SearchPairs)
