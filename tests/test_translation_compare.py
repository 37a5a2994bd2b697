"""What is stale after a change of the English page, and what is not."""

from __future__ import annotations

import pytest

from bookbuild.errors import BookError
from bookbuild.translation.blocks import Element, blocks, elements
from bookbuild.translation.compare import compare, confirmed
from bookbuild.translation.state import State, dump, parse

FRAMEWORKS = ("pytorch", "tensorflow", "mxnet", "jax")
ENGLISH = """(sec-a)=
# Layers

A layer holds weights. It multiplies its input by them, and it adds a bias of 4 numbers at the end.

## Counting

Count what a layer holds before you train it; the number of weights is `inputs * outputs`.

- The first item of the list says what to do.
- The second item of the list says what not to do.

```{code-cell}
:name: count


```

The count is 32, as the formula above says it must be.

The optimizer gets every one of them, and changes nothing else in the whole network.
"""
FRENCH = """(sec-a)=
# Couches

Une couche contient des poids. Elle multiplie son entrée par eux et ajoute à la fin un biais de 4 nombres.

## Compter

Comptez ce que contient une couche avant de l’entraîner ; le nombre de poids est `inputs * outputs`.

- Le premier élément de la liste dit quoi faire.
- Le deuxième élément de la liste dit ce qu’il ne faut pas faire.

```{code-cell}
:name: count


```

Le décompte est de 32, comme le veut la formule ci-dessus.

L’optimiseur les reçoit tous et ne change rien d’autre dans tout le réseau.
"""


def parts(text: str) -> tuple[Element, ...]:
    return elements(text, FRAMEWORKS, ("colon_fence", "dollarmath"))


def record(english: str = ENGLISH, own: str = FRENCH, before: State | None = None) -> State:
    targets = blocks(parts(own))
    pairs = compare(parts(english), parts(own), before)
    return State("fr", "page", confirmed(pairs, targets, set(targets)))


def states(
    english: str = ENGLISH, own: str = FRENCH, state: State | None = None
) -> list[tuple[str, str, str]]:
    """All that is not fresh: state, note, the English text's beginning (else the translation's)."""
    pairs = compare(parts(english), parts(own), state or record())
    return [
        (p.state, p.note, (p.english or p.own).text[:12])  # type: ignore[union-attr]
        for p in pairs
        if p.state != "fresh"
    ]


def test_a_page_without_a_record_is_unconfirmed_and_its_blocks_find_theirs():
    pairs = compare(parts(ENGLISH), parts(FRENCH), None)
    assert {(p.state, p.note) for p in pairs} == {("stale", "unconfirmed")}
    assert [(p.english.line, p.own.line) for p in pairs] == [(b.line, b.line) for b in blocks(parts(ENGLISH))]


def test_what_was_confirmed_is_fresh():
    assert states() == []


def test_reflowing_makes_nothing_stale():
    assert (
        states(ENGLISH.replace("It multiplies", "It\nmultiplies").replace("what a layer", "what  a\tlayer"))
        == []
    )


def test_changing_a_word_makes_exactly_that_block_stale():
    assert states(ENGLISH.replace("every one", "each one")) == [("stale", "changed", "The optimize")]


def test_renumbering_a_list_makes_nothing_stale():
    english = ENGLISH.replace("- The first", "1. The first").replace("- The second", "2. The second")
    assert states(english) == []


def test_moving_a_block_makes_nothing_stale():
    block = "The optimizer gets every one of them, and changes nothing else in the whole network.\n\n"
    text = ENGLISH.replace("\n" + block.rstrip("\n") + "\n", "")
    assert states(text.replace("## Counting", block + "## Counting")) == []


def test_a_block_that_moves_and_changes_is_the_same_block():
    block = "The optimizer gets every one of them, and changes nothing else in the whole network.\n"
    moved = block.replace("whole ", "") + "\n"
    text = ENGLISH.replace("\n" + block, "").replace("A layer holds", moved + "A layer holds")
    assert states(text) == [("stale", "changed", "The optimize")]


def test_splitting_is_said():
    assert states(ENGLISH.replace("weights. It", "weights.\n\nIt")) == [
        ("missing", "split", "A layer hold"),
        ("stale", "split", "It multiplie"),
    ]


def test_joining_is_said():
    english = ENGLISH.replace("must be.\n\nThe", "must be. The")
    assert states(english) == [("stale", "joined", "The count is"), ("gone", "joined", "Le décompte ")]


def test_deleting_is_said():
    english = ENGLISH.replace("The count is 32, as the formula above says it must be.\n\n", "")
    assert states(english) == [("gone", "deleted", "Le décompte ")]


def test_a_new_block_is_missing_and_nothing_else_changes():
    english = ENGLISH.replace("## Counting", "Something wholly new stands here.\n\n## Counting")
    assert states(english) == [("missing", "", "Something wh")]


def test_a_heading_may_be_rewritten():
    assert states(ENGLISH.replace("## Counting", "## How many")) == [("stale", "changed", "How many")]


def test_a_paragraph_that_says_something_else_is_another():
    english = ENGLISH.replace(
        "The count is 32, as the formula above says it must be.", "Wholly other words here."
    )
    assert states(english) == [("missing", "", "Wholly other"), ("gone", "deleted", "Le décompte ")]


def test_editing_the_translation_alone_leaves_it_fresh():
    assert states(own=FRENCH.replace("Comptez ce que", "Dénombrez tout ce que")) == []


def test_moving_the_translation_leaves_it_fresh():
    block = "L’optimiseur les reçoit tous et ne change rien d’autre dans tout le réseau.\n\n"
    assert states(own=FRENCH.replace("\n" + block[:-1], "").replace("## Compter", block + "## Compter")) == []


def test_a_translation_that_was_taken_out_is_missing():
    own = FRENCH.replace("Le décompte est de 32, comme le veut la formule ci-dessus.\n\n", "")
    assert states(own=own) == [("missing", "", "The count is")]


def test_english_text_in_the_translated_page_is_missing():
    own = FRENCH.replace(
        "Le décompte est de 32", "% translate\nThe count is 32, as the formula above says it must be.\n"
    )
    own = own.replace("\n, comme le veut la formule ci-dessus.", "")
    assert states(own=own, state=State("fr", "page")).count(("missing", "untranslated", "The count is")) == 1


def test_only_what_is_chosen_is_confirmed():
    english = ENGLISH.replace("every one", "each one").replace("of 4 numbers", "of 8 numbers")
    old = record()
    pairs = compare(parts(english), parts(FRENCH), old)
    targets = blocks(parts(FRENCH))
    new = State("fr", "page", confirmed(pairs, targets, {targets[-1]}))
    assert states(english, state=new) == [("stale", "changed", "A layer hold")]
    assert len(new.entries) == len(old.entries)


def test_entries_of_a_glossary_find_theirs_by_the_glossarys_terms():
    english = "```{glossary}\nbatch\n  Several examples.\n\nlayer\n  A step.\n\nnew\n  One.\n```\n"
    own = "```{glossary}\ncouche\n  Une étape.\n\nlot\n  Plusieurs exemples.\n```\n"
    pairs = compare(parts(english), parts(own), None, {"batch": "lot", "layer": "couche"})
    assert [(p.english.key, p.own.key if p.own else "") for p in pairs] == [
        ("batch", "lot"),
        ("layer", "couche"),
        ("new", ""),
    ]


def test_a_record_comes_back_as_it_was_written():
    state = record()
    text = dump(state)
    assert parse(text, "x", "fr", "page") == state
    assert dump(parse(text, "x", "fr", "page")) == text
    assert text.count('\n   "english": ') == len(state.entries)
    assert parse(dump(State("fr", "page")), "x", "fr", "page") == State("fr", "page")


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (lambda t: t.replace("  {\n", "<" * 7 + " HEAD\n  {\n", 1), 6, "conflict marker"),
        (lambda t: t.replace('"language": "fr"', '"language": "pt"'), 1, "another page, pt/page"),
        (lambda t: t.replace('"page": "page"', '"page": "other"'), 1, "another page, fr/other"),
        (lambda t: t[:-9], 0, "not valid JSON"),
        (lambda t: t.replace('"format": 1', '"format": 2'), 1, "format 2"),
        (lambda t: "[]", 1, "format None"),
        (lambda t: t.replace('"kind"', '"kin"', 1), 0, "block 1 of the record is incomplete"),
    ],
)
def test_a_damaged_record_is_one_clear_line(change, line: int, says: str):
    with pytest.raises(BookError) as caught:
        parse(change(dump(record())), "page.state.json", "fr", "page")
    (finding,) = caught.value.findings
    assert says in finding.problem and finding.mend and (not line or finding.line == line)


def test_a_block_written_anew_in_both_languages_can_be_confirmed():
    english, own = "# A\n\n- yes\n- no\n", "# A\n\n- oui\n- non\n"
    before = record(english, own)
    english, own = english.replace("- no\n", "- never\n"), own.replace("- non\n", "- jamais\n")
    after = record(english, own, before)
    assert states(english, own, after) == []


def test_equal_texts_of_different_kinds_stay_with_their_own():
    figure = "```{{figure}} a.svg\n:alt: {}\n\n{}\n```\n"
    english, own = (
        figure.format("A line rises.", "A line rises."),
        figure.format("Alt monte.", "Légende monte."),
    )
    before = record(english, own)
    pairs = compare(parts(figure.format("A flat curve.", "A line rises.")), parts(own), before)
    assert {(p.state, p.own.text) for p in pairs if p.english and p.own and p.english.kind == "caption"} == {
        ("fresh", "Légende monte.")
    }


def test_of_two_equal_texts_the_one_that_stayed_is_fresh():
    english = "Run it.\n\nSomething long stands between the two of them.\n\nRun it.\n"
    own = "Un.\n\nQuelque chose de long se trouve entre les deux.\n\nDeux.\n"
    before = record(english, own)
    pairs = compare(parts(english.replace("Run it.", "Stop here.", 1)), parts(own), before)
    assert [(p.state, p.own.text) for p in pairs if p.english and p.english.text == "Run it."] == [
        ("fresh", "Deux.")
    ]


def test_a_record_with_both_sides_of_a_merge_keeps_the_newer_one():
    older = record()
    english = ENGLISH.replace("a bias of 4 numbers", "a bias of 5 numbers")
    newer = record(english, FRENCH, older)
    (new,) = set(newer.entries) - set(older.entries)
    (old,) = set(older.entries) - set(newer.entries)
    both = [e for entry in newer.entries for e in ((old, new) if entry == new else (entry,))]
    assert states(english, FRENCH, State("fr", "page", tuple(both))) == []


def test_english_text_in_the_place_of_a_translation_is_untranslated():
    own = FRENCH.replace(
        "- Le premier élément de la liste dit quoi faire.", "- The first item of the list says what to do."
    )
    assert states(ENGLISH, own) == [("missing", "untranslated", "The first it")]
