"""Each rule of the parity lint fires on its mistakes, and on nothing that is right."""

from __future__ import annotations

from pathlib import Path

import pytest
from rendering import copy_book

from bookbuild.config import load_book
from bookbuild.translation.blocks import Element, blocks, elements
from bookbuild.translation.book import agreed_words, load_translation, own_terms
from bookbuild.translation.compare import Pair
from bookbuild.translation.parity import (
    RULES,
    Fault,
    check_allowances,
    check_block,
    check_formulas,
    check_page,
    detector,
)
from bookbuild.translation.terms import checker

ROOT = Path(__file__).resolve().parent.parent
BOOK = load_book(ROOT)
DETECT = detector(BOOK.language_keys)
TERMS = {
    "fr": {"layer": "couche", "state": "état"},
    "zh": {"layer": "层"},
    "pt": {"layer": "camada"},
    "id": {},
}
WORDS = {
    "fr": {
        "learning rate": ("taux d’apprentissage",),
        "overflow": ("dépassement", "dépasser"),
        "weight": ("poids",),
        "library": ("bibliothèque",),
    },
    "zh": {"batch normalization": ("批归一化",), "batch": ("批量",)},
    "pt": {"optimizer": ("otimizador",)},
    "id": {"device": ("perangkat",)},
}
N = "\u00a0"


def parts(text: str) -> tuple[Element, ...]:
    return elements(text, BOOK.framework_keys, BOOK.myst_extensions)


def faults(language: str, english: str, own: str) -> list[Fault]:
    (source,), (target,) = blocks(parts(english)), blocks(parts(own))
    pair = Pair("fresh", source, target)
    wording = checker(WORDS.get(language, {}), language)
    return list(check_block(pair, language, TERMS.get(language, {}), DETECT, wording))


FIRE = [
    ("roles", "fr", "See {ref}`sec-a`.", "Voir {ref}`sec-b`."),
    ("roles", "fr", "See {numref}`fig-a`.", "Voir la figure."),
    ("roles", "pt", "As {cite:t}`a-2020` say.", "Como diz {cite:t}`b-2020`."),
    ("roles", "fr", "See {ref}`the text <sec-a>`.", "Voir {ref}`le texte <sec-c>`."),
    ("roles", "zh", "By {eq}`eq-a`.", "由{eq}`eq-a`和{eq}`eq-b`得。"),
    ("terms", "fr", "A {term}`layer` here.", "Une {term}`assise` ici."),
    ("terms", "fr", "A {term}`layer` and a {term}`state`.", "Une {term}`couche` et un état."),
    ("terms", "zh", "A {term}`layer`.", "一个{term}`层次`。"),
    ("terms", "fr", "The learning rate falls.", "La vitesse baisse."),
    ("terms", "zh", "A batch of four.", "四个一组。"),
    ("terms", "zh", "Batch normalization, then a batch.", "先规范化，再取批量。"),
    ("terms", "pt", "Optimizers keep a state.", "Os métodos guardam um estado."),
    ("terms", "id", "The device is free.", "Mesin itu bebas."),
    ("math", "fr", "It is $x + 1$ here.", "C’est $x + 2$ ici."),
    ("math", "pt", "It is $n^2$ here.", "É n ao quadrado aqui."),
    ("math", "pt", "It is $1{,}072$ here.", "É $1.073$ aqui."),
    ("math", "zh", "It is $0.5$ here.", "这里是$0.6$。"),
    ("code", "fr", "Call `forward` here.", "Appelez `backward` ici."),
    ("code", "id", "Call `forward` here.", "Panggil forward di sini."),
    ("code", "zh", "A plain word.", "一个`新`词。"),
    ("links", "fr", "See [the page](a.md).", "Voyez [la page](b.md)."),
    ("links", "pt", "See [the page](https://a.org/x).", "Veja a página."),
    ("links", "id", "Nothing to see.", "Lihat [halaman](a.md)."),
    ("numbers", "fr", "It has 3,428 of them.", f"Il en a 3{N}482."),
    ("numbers", "fr", "It is 0.25 now.", "C’est 0,52 maintenant."),
    ("numbers", "pt", "It has 3,428 of them.", "Tem 3.482 deles."),
    ("numbers", "id", "It takes 144 steps.", "Perlu banyak langkah."),
    ("numbers", "zh", "It has 3,428 of them.", "共有3,248个。"),
    ("numbers", "zh", "At places 0 and 2.", "在位置0和1处。"),
    ("numbers", "fr", "It takes 3 of them.", "Il en faut."),
    ("numbers", "pt", "It takes 2 steps to it.", "Leva alguns passos para isso."),
    ("numbers", "fr", "The weight has rows.", "Son poids a 8 lignes."),
    ("terms", "fr", "The weight is large.", "Le point est grand."),
    ("terms", "fr", "Two libraries.", "Deux paquets."),
    ("markers", "fr", "**Predict.** It moves.", "**Prédiction. Il bouge."),
    ("markers", "fr", "A {term}`layer`.", "Une {term}` couche `."),
    ("numbers", "id", "It takes some steps.", "Perlu 4 langkah."),
    ("numbers", "zh", "It is 12.6 million.", "这是126万。"),
    ("level", "fr", "## A title", "### Un titre"),
    ("level", "zh", "# A title", "## 标题"),
    ("markers", "fr", "A word.", "Un\u200b mot."),
    ("markers", "fr", "See {ref}`sec-a`.", "Voir {ref} `sec-a`."),
    ("markers", "pt", "A *word*.", "Uma *palavra."),
    ("markers", "pt", "Call `f`.", "Chame `f."),
    ("markers", "id", "It is $x$.", "Ini $x."),
    ("markers", "fr", "A word.", "Un mot <!-- todo -->."),
    ("markers", "fr", "A word.", "% translate\nUn mot."),
    ("markers", "fr", "See {ref}`sec-a`.", "Voir :ref:`sec-a`."),
    ("typography", "fr", "A word: another.", "Un mot: un autre."),
    ("typography", "fr", "A word: another.", "Un mot : un autre."),
    ("typography", "fr", "Why?", "Pourquoi?"),
    ("typography", "fr", "A word; another.", "Un mot ; un autre."),
    ("typography", "fr", "A “word”.", "Un “mot”."),
    ("typography", "fr", "A “word”.", "Un « mot »."),
    ("typography", "fr", "The tree.", "L'arbre."),
    ("typography", "fr", "About 0.25 of it.", "Environ 0.25 de cela."),
    ("typography", "pt", "A “word”.", 'Uma "palavra".'),
    ("typography", "pt", "A word: another.", "Uma palavra : outra."),
    ("typography", "pt", "About 0.25 of it.", "Cerca de 0.25 disso."),
    ("typography", "id", "A “word”.", 'Sebuah "kata".'),
    ("typography", "id", "Why? So.", "Mengapa ? Begitu."),
    ("typography", "zh", "A word, another.", "一个词,另一个。"),
    ("typography", "zh", "Use PyTorch here.", "这里用 PyTorch 吧。"),
    ("typography", "zh", "A word (another).", "一个词(另一个)。"),
    ("typography", "zh", "A “word”.", '一个"词"。'),
    (
        "language",
        "fr",
        "The optimizer gets every one of them and changes nothing else in the network.",
        "The optimizer gets every one of them and changes nothing at all in the network.",
    ),
    (
        "language",
        "pt",
        "A list is neither a module nor a parameter, and the walk passes it by without a word.",
        "A list is neither a module nor a parameter, and the walk passes it by without words.",
    ),
    (
        "language",
        "id",
        "First we count all. Then the walk passes by every list that is not a module at all.",
        "Pertama kita hitung semuanya. Then the walk passes by every list that is not a module.",
    ),
    (
        "language",
        "zh",
        "The forward function computes the output. The network is a tree of modules and their parameters.",
        "前向函数计算输出。The network is a tree of modules and each of them has its own parameters.",
    ),
]
SILENT = [
    ("fr", "See {ref}`sec-a`.", "Voir la section {ref}`sec-a`."),
    ("fr", "{cite:t}`a-2020` and {cite:p}`b-2020`.", "{cite:p}`b-2020`, puis {cite:t}`a-2020`."),
    ("fr", "See {ref}`the text <sec-a>`.", "Voir {ref}`le texte <sec-a>`."),
    ("fr", "Some {term}`layers <layer>`.", "Des {term}`couches <couche>`."),
    ("fr", "A {term}`Layer` twice, a {term}`layer`.", "Une {term}`couche`."),
    ("fr", "An {term}`unknown word`.", "Un {term}`mot inconnu`."),
    ("fr", "Two learning rates.", "Deux taux d’apprentissage."),
    ("fr", "It overflows by an overflow.", "Cela dépasse le maximum."),
    ("fr", "At blocks/0/weight.", "À l’endroit blocks/0/weight."),
    ("fr", "Overweight, but weight-free.", "Trop lourd, mais sans masse."),
    ("zh", "Batch normalization.", "批归一化。"),
    ("pt", "Two optimizers.", "Dois otimizadores."),
    ("id", "Between devices.", "Antarperangkat."),
    ("fr", "It is $x + 1$ and $1{,}072$.", r"C’est $x+1$ et $1\,072$."),
    ("pt", "It is $1{,}072$ and $0.5$.", "É $1.072$ e $0{,}5$."),
    ("pt", "It is $(0.6, 0.8)$ and $(a; b)$.", "É $(0{,}6; 0{,}8)$ e $(a; b)$."),
    ("pt", "It is $1,072$.", "É $1{.}072$."),
    ("id", r"It is $N(\text{stem})$.", r"Ini $N(\text{batang})$."),
    ("id", "The sum of all.", "Jumlah $N$ dari semuanya."),
    ("fr", "Call `f` and `g`.", "Appelez `g`, puis `f`, puis `g`."),
    ("fr", "The Careless class.", "La classe négligente (`Careless`)."),
    ("fr", "Costs \\$5.", "Coûte 5 \\$."),
    ("fr", "See [the page](https://a.org/x_(y)).", "Voyez [la page](https://a.org/x_(y))."),
    ("fr", "It has 3,428 and 0.25.", f"Il a 3{N}428 et 0,25."),
    ("fr", "It has 13,712 bytes.", "Il a 13\u202f712 octets."),
    ("pt", "It has 3,428 and 1,234.5.", "Tem 3.428 e 1.234,5."),
    ("id", "It has 3,428 and 0.25.", "Ada 3.428 dan 0,25."),
    ("zh", "It has 3,428 and 0.25.", "有3,428和0.25。"),
    ("zh", "It has 3,428 of them.", "有3428个。"),
    ("zh", "It is 12.6 million.", "这是1260万。"),
    ("pt", "It is 12.6 million.", "São 12,6 milhões."),
    ("fr", "It takes three of 4 steps.", "Il faut 3 des quatre pas."),
    ("zh", "The three of them.", "共3个。"),
    ("zh", "It takes 2 steps.", "要走两步。"),
    ("pt", "There are 12 of them.", "Há doze deles."),
    ("pt", "It is 12.6 million here.", "São 12,6\nmilhões aqui."),
    ("pt", "It is 100 thousand.", "São 100 mil."),
    ("zh", "It is 20 million.", "这是2千万。"),
    ("fr", "Libraries, a library.", "Des bibliothèques."),
    ("de", "There are 2 of them.", "Es gibt zwei davon."),
    ("fr", "## A title", "## Un titre"),
    ("fr", "A *word* and **two**.", "Un *mot* et **deux**."),
    ("fr", "It is 3 * 4 here.", "C’est 3 * 4 ici."),
    ("pt", "Write `a*b` or `$x`.", "Escreva `a*b` ou `$x`."),
    ("fr", "A word: another; why?", f"Un mot{N}: un autre{N}; pourquoi{N}?"),
    ("fr", "At 12:30, see https://a.org/x?y.", "À 12:30, voyez https://a.org/x?y."),
    ("fr", "A “word”.", f"Un «{N}mot{N}»."),
    ("fr", 'Call `a[1:2]`: it is `"x"`.', f'Appelez `a[1:2]`{N}: c’est `"x"`.'),
    ("fr", "**Predict.** What?", f"**Prédiction.** Quoi{N}?"),
    ("fr", "Use {ref}`sec-a`: it is there.", f"Voyez {{ref}}`sec-a`{N}: c’est là."),
    ("pt", "A “word”: another.", "Uma “palavra”: outra."),
    ("id", "A “word”: another?", "Sebuah “kata”: yang lain?"),
    ("zh", "Use PyTorch 2 here, or JAX.", "这里用PyTorch 2，或者JAX。"),
    ("zh", "A word (another): “so”.", "一个词（另一个）：“如此”。"),
    ("zh", "See {ref}`sec-a`, or `f(x)`.", "见{ref}`sec-a`，或`f(x)`。"),
    (
        "fr",
        "PyTorch, TensorFlow, MXNet, JAX, Keras, Gluon, Flax, NumPy.",
        "PyTorch, TensorFlow, MXNet, JAX, Keras, Gluon, Flax, NumPy.",
    ),
    (
        "fr",
        "This idea is behind deep equilibrium models, as they are called in the literature.",
        "Cette idée est à la base des modèles à équilibre profonds (*deep equilibrium models*).",
    ),
    (
        "id",
        "The batch goes through the optimizer, the kernel and the pytree, in this order, and comes back.",
        "Batch itu melewati optimizer, kernel, dan pytree dengan urutan ini, lalu kembali lagi.",
    ),
    ("zh", "It uses `torch.nn.functional.relu` in all places.", "各处都用`torch.nn.functional.relu`。"),
    ("de", "It has 3,428 of them: “so”.", 'Es hat 3,428 davon: "so".'),
]


@pytest.mark.parametrize(("rule", "language", "english", "own"), FIRE)
def test_a_rule_fires_on_its_mistake(rule: str, language: str, english: str, own: str):
    assert rule in {f.rule for f in faults(language, english, own)}


@pytest.mark.parametrize(("language", "english", "own"), SILENT)
def test_no_rule_fires_on_what_is_right(language: str, english: str, own: str):
    assert faults(language, english, own) == []


def test_displayed_formulas_are_those_of_the_english_page():
    english = "A.\n\n$$\nx = 0.5\n$$ (eq-x)\n\n```{math}\n:label: eq-y\n\ny = 2\n```\n"
    own = english.replace("A.", "Un.").replace("0.5", "0{,}5")
    assert list(check_formulas(parts(english), parts(own), "fr")) == []
    for old, new in (("0{,}5", "0{,}6"), ("y = 2", "y = 3")):
        (fault,) = check_formulas(parts(english), parts(own.replace(old, new)), "fr")
        assert fault.rule == "math" and fault.line in (3, 7)


def test_code_of_its_own_in_a_translation_is_found():
    english, own = "Text.\n", "Texte.\n\n```python\nimport os\n```\n"
    assert [f.rule for f in check_page(parts(english), parts(own))] == ["code"]
    assert list(check_page(parts(own), parts(own))) == []


def test_every_rule_has_its_mistakes():
    assert {rule for rule, *_ in FIRE} == set(RULES)


@pytest.mark.parametrize("language", [x for x in BOOK.language_keys if x != BOOK.source])
def test_no_rule_fires_on_the_pages_that_were_read_by_people(language: str):
    terms, wording = own_terms(BOOK, language), checker(agreed_words(BOOK, language), language)
    found = []
    for docname in BOOK.pages:
        translation = load_translation(BOOK, language, docname)
        for pair in translation.pairs if translation else ():
            if pair.state == "fresh":
                found += [(docname, f) for f in check_block(pair, language, terms, DETECT, wording)]
    assert found == []


def test_a_word_of_everyday_speech_is_not_looked_for_in_prose(tmp_path: Path):
    book = copy_book(tmp_path)
    terms = "- {en: mean, pt: média, prose: false}\n- {en: layer, pt: [camada, nível]}\n- {en: batch}\n"
    (book.root / "chapters" / "glossary.yml").write_text(terms, "utf-8")
    assert agreed_words(book, "pt") == {"layer": ("camada", "nível")}
    assert own_terms(book, "pt") == {"mean": "média", "layer": "camada"}


def test_a_false_alarm_is_silenced_with_a_reason_for_one_piece():
    (source,) = blocks(parts("It has 3,428."))
    own = blocks(parts("% allow numbers: another count\nIl en a 5000.\n\nIl en a 6000.\n"))
    assert list(check_block(Pair("fresh", source, own[0]), "fr", {})) == []
    assert [f.rule for f in check_block(Pair("fresh", source, own[1]), "fr", {})] == ["numbers", "numbers"]


@pytest.mark.parametrize(
    "line", ["% allow numbers", "% allow numbers:", "% allow nothing: since", "% allow: since"]
)
def test_an_allowance_without_a_rule_or_a_reason_is_found(line: str):
    assert [f.line for f in check_allowances(f"Text.\n\n{line}\nMore.\n")] == [3]
    assert list(check_allowances("% allow numbers: the count of another edition\n")) == []


TABS = "````{{tab-set}}\n:sync-group: framework\n\n{}\n````\n"
TAB = "```{{tab-item}} X\n:sync: {}\n\nText.\n```\n"


def test_tab_items_are_those_of_the_english_page():
    both = TABS.format(TAB.format("pytorch") + "\n" + TAB.format("jax"))
    one = TABS.format(TAB.format("pytorch"))
    other = TABS.format(TAB.format("jax") + "\n" + TAB.format("pytorch"))
    assert list(check_page(parts(both), parts(both))) == []
    assert [f.rule for f in check_page(parts(both), parts(one))] == ["roles"]
    assert [f.rule for f in check_page(parts(both), parts(other))] == ["roles"]


def test_a_finding_names_the_line_of_the_translated_page():
    (source,) = blocks(parts("A word.\nMore of it."))
    (own,) = blocks(parts("# T\n\nUn mot.\nEncore: voilà.\n"))[1:]
    (fault,) = check_block(Pair("fresh", source, own), "fr", {})
    assert fault.line == 4
