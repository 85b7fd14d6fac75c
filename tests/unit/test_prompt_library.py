"""The presets: each loads, and keeps to what makes a sentence work with an image-text model."""

from __future__ import annotations

import re

import pytest

from clipvad.rules import dump_rules, library_dir, list_presets, load_rules, parse_rules

DOMAINS = {
    "street",
    "campus-walkway",
    "public-square",
    "no-entry",
    "retail",
    "public-transport",
    "car-park",
    "construction-site",
    "care-home",
}
UCF_CRIME = {
    "abuse",
    "arrest",
    "arson",
    "assault",
    "burglary",
    "explosion",
    "fighting",
    "road accident",
    "robbery",
    "shooting",
    "shoplifting",
    "stealing",
    "vandalism",
}


def test_the_domains_are_there():
    assert set(list_presets()) >= DOMAINS


def test_street_describes_every_category_of_ucf_crime():
    described = [rule.category for rule in load_rules("street").abnormal]
    assert set(described) == UCF_CRIME
    assert all(described.count(category) <= 2 for category in UCF_CRIME)


@pytest.mark.parametrize("name", sorted(DOMAINS))
class TestPreset:
    def test_is_named_after_its_file_and_says_where_it_holds(self, name):
        rules = load_rules(name)
        assert rules.name == name
        assert rules.title
        assert rules.place
        assert rules.description

    def test_has_enough_sentences_and_not_too_many(self, name):
        rules = load_rules(name)
        assert 8 <= len(rules.normal) <= 25
        assert 8 <= len(rules.abnormal) <= 25

    def test_no_sentence_stands_twice_or_on_both_sides(self, name):
        rules = load_rules(name)
        texts = [rule.text.casefold() for rule in (*rules.normal, *rules.abnormal)]
        assert len(texts) == len(set(texts))

    def test_sentences_are_captions_of_something_visible(self, name):
        """CLIP reads "no helmet" as a helmet: a negation describes what it denies."""
        rules = load_rules(name)
        for rule in (*rules.normal, *rules.abnormal):
            words = re.findall(r"[a-z'-]+", rule.text.casefold())
            assert 2 <= len(words) < 20, rule.text
            assert not {"no", "not", "without", "never", "nobody", "none", "nothing"} & set(words), rule.text
            assert rule.text == rule.text.strip().rstrip("."), rule.text
            assert rule.category, rule.text

    def test_survives_saving(self, name):
        rules = load_rules(name)
        assert parse_rules(dump_rules(rules), source=name) == rules

    def test_file_keeps_to_readable_lines(self, name):
        lines = (library_dir() / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        assert max(map(len, lines)) <= 120
