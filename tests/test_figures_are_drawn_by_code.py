"""Drawn figures: deterministic, in every language, with text that stays text."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from bookbuild.config import load_book
from figures import draw

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    for name in draw.NAMES:
        draw.write(name, folder)
    return folder


@pytest.mark.parametrize("name", draw.NAMES)
def test_labels_are_there_in_english_and_in_known_languages(name):
    assert {"en"} <= set(draw.catalogue(name)) <= set(load_book(ROOT).language_keys)


@pytest.mark.parametrize("name", draw.NAMES)
def test_the_committed_figures_are_what_the_code_draws(name, drawn):
    for language in draw.catalogue(name):
        svg = f"{language}/{name}.svg"
        assert (draw.HERE / svg).read_bytes() == (drawn / svg).read_bytes(), (
            f"run `.venv/build/bin/python -m figures.draw`: {svg}"
        )
        assert (draw.HERE / svg).with_suffix(".pdf").is_file()


@pytest.mark.parametrize("name", draw.NAMES)
def test_labels_stand_in_the_figure_as_text(name, drawn):
    for language, labels in draw.catalogue(name).items():
        root = ElementTree.parse(drawn / language / f"{name}.svg").getroot()  # noqa: S314 (our own file)
        texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
        assert {label for key, label in labels.items() if key != "thousands"} <= texts


def test_a_label_missing_in_one_language_is_refused(tmp_path, monkeypatch):
    (tmp_path / "half.yml").write_text("en: {a: x, b: y}\nfr: {a: x}\n")
    monkeypatch.setattr(draw, "HERE", tmp_path)
    with pytest.raises(ValueError, match="fr and en name different labels"):
        draw.catalogue("half")
