"""What a notebook's first cell says, in the language of its page."""

from __future__ import annotations

WORDS = {
    "en": {
        "install": "Installs this book's helper functions.",
        "carried": "Prepares the book's functions that this notebook uses; the folded cells below hold them.",
    },
    "zh": {
        "install": "安装本书的辅助函数。",
        "carried": "准备本笔记本用到的本书函数；它们位于下面折叠的单元格中。",
    },
    "pt": {
        "install": "Instala as funções auxiliares deste livro.",
        "carried": "Prepara as funções do livro usadas neste notebook; estão nas células recolhidas abaixo.",
    },
    "fr": {
        "install": "Installe les fonctions auxiliaires de ce livre.",
        "carried": "Prépare les fonctions du livre utilisées ici ; les cellules repliées les contiennent.",
    },
    "id": {
        "install": "Memasang fungsi bantu buku ini.",
        "carried": "Menyiapkan fungsi buku yang dipakai notebook ini; isinya ada di sel terlipat di bawah.",
    },
}


def words(language: str) -> dict[str, str]:
    """A language that has no words of its own here gets the English ones."""
    return WORDS.get(language, WORDS["en"])
