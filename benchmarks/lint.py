"""Precision and recall of the filter over our labelled sentences (lint_sentences.yaml), kind by kind.

    python -m benchmarks.lint [--encoder bundled]

Every list is split into halves by a fixed seed. The first half is for tuning: for each bound of
clipvad/rules/lint/similarity.py a few values are printed with what they would give there. The table is of the second
half. What lies under `unseen` was written after the rules of language and has a table of its own.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from benchmarks.common import machine
from clipvad.encoders import load_encoder
from clipvad.encoders.base import Encoder
from clipvad.rules import Rule, RuleSet, load_rules
from clipvad.rules.lint import Remark, lint, similarity

SEED = 20261122
SENTENCES = Path(__file__).with_name("lint_sentences.yaml")
OF_LANGUAGE = ("negation", "abstract", "too long", "too short", "unknown words")
GRID = {"same": (0.92, 0.94, 0.96, 0.97, 0.98), "margin": (0.05, 0.1, 0.2, 0.3)}

Case = tuple[str, frozenset[tuple[str, str]]]  # the true kind, "" for nothing; (kind, severity) of the remarks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="bundled")
    options = parser.parse_args()
    encoder = load_encoder(options.encoder, device="cpu")
    print(f"`python -m benchmarks.lint {' '.join(sys.argv[1:])}`\n\n{machine()}; {encoder.id}; seed {SEED}\n")
    data = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))
    first, second = halves(data, 0), halves(data, 1)
    chosen = similarity.BOUNDS
    print("Tuning half:\n\n| bound | value | kind | precision | recall |\n|---|---|---|---|---|")
    for name, values in GRID.items():
        kinds, lists = (
            (("near-duplicate", "ambiguous"), ("same_side", "both_sides"))
            if name == "same"
            else (("misplaced",), ("placed",))
        )
        for value in values:
            similarity.BOUNDS = replace(chosen, **{name: value})
            cases = cases_of({key: first[key] for key in lists}, encoder)
            for kind in kinds:
                print(f"| {name} | {value} | {kind} | {' | '.join(rates(cases, kind)[:2])} |")
    similarity.BOUNDS = chosen
    print_table(f"Other half, {chosen}", cases_of(second, encoder))
    unseen = {key: data["unseen"][key] for key in ("fine", "negation", "abstract")}
    pairs = {"same_side": {"different": data["unseen"]["different"]}}
    print_table("Written afterwards", cases_of({**unseen, **pairs}, encoder))


def halves(data: dict[str, Any], which: int) -> dict[str, Any]:
    """One half of each list, by a shuffle of the list's own; lists inside lists stay whole."""

    def half(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: half(inner) for key, inner in value.items()}
        shuffled = random.Random(SEED).sample(value, len(value))
        return shuffled[: len(value) // 2] if which == 0 else shuffled[len(value) // 2 :]

    return {key: half(value) for key, value in data.items() if key != "unseen"}


def cases_of(data: dict[str, Any], encoder: Encoder) -> list[Case]:
    """Each labelled item with what the filter says of it."""
    cases: list[Case] = []
    for key in ("fine", "negation", "abstract", "too_long", "too_short", "unknown"):
        true = {"fine": "", "unknown": "unknown words"}.get(key, key.replace("_", " "))
        cases += [(true, said(lint(rule_set([text], []), encoder=encoder), "normal")) for text in data.get(key, ())]
    for key, sides in (("same_side", "one"), ("both_sides", "two")):
        for label, pairs in data.get(key, {}).items():
            true = "" if label == "different" else label.replace("near_duplicate", "near-duplicate")
            for one, other in pairs:
                rules = rule_set([one, other], []) if sides == "one" else rule_set([one], [other])
                pairwise = [r for r in lint(rules, encoder=encoder) if r.kind not in (*OF_LANGUAGE, "misplaced")]
                cases.append((true, said(pairwise, "normal")))
    for name, sides_of in data.get("placed", {}).items():
        for side, texts in sides_of.items():
            cases += placed_cases(load_rules(name), side, texts, encoder)
    return cases


def placed_cases(rules: RuleSet, side: str, texts: Sequence[str], encoder: Encoder) -> Iterable[Case]:
    """Each sentence added to a preset, once on its own side and once on the other."""
    for text in texts:
        for put in ("normal", "abnormal"):
            more: dict[str, Any] = {put: (Rule(text=text), *getattr(rules, put))}
            grown = replace(rules, **more)
            found = [r for r in lint(grown, encoder=encoder) if r.sentence == text and r.kind == "misplaced"]
            yield ("" if put == side else "misplaced"), said(found, put)


def rule_set(normal: Sequence[str], abnormal: Sequence[str]) -> RuleSet:
    """Sentences alone; the side that is left empty is of no interest here."""
    return RuleSet(
        name="case", normal=tuple(Rule(text=text) for text in normal), abnormal=tuple(Rule(text=t) for t in abnormal)
    )


def said(remarks: Iterable[Remark], side: str) -> frozenset[tuple[str, str]]:
    """Kind and severity of each remark on a side, "drop" where the filter drops a draft for it."""
    return frozenset(
        (r.kind, "drop" if r.drops else r.severity) for r in remarks if r.side == side and r.index is not None
    )


def rates(cases: Sequence[Case], kind: str, *, dropped: bool = False) -> tuple[str, str, int, int, int]:
    """Precision, recall, true and false remarks of a kind, and how many there should be."""
    fired = [(true, {k for k, level in found if level == "drop" or not dropped}) for true, found in cases]
    right = sum(kind == true and kind in kinds for true, kinds in fired)
    wrong = sum(kind != true and kind in kinds for true, kinds in fired)
    there = sum(true == kind for true, _ in fired)
    precision = f"{right / (right + wrong):.2f}" if right + wrong else "-"
    return precision, f"{right / there:.2f}" if there else "-", right, wrong, there


def print_table(title: str, cases: Sequence[Case]) -> None:
    """One line a kind; then everything that is dropped by default together."""
    kinds = ("duplicate", "near-duplicate", "contradiction", "ambiguous", "misplaced", *OF_LANGUAGE)
    print(f"\n{title}; {len(cases)} cases, {sum(not true for true, _ in cases)} with nothing to say:\n")
    print("| kind | precision | recall | right | wrong | labelled | dropped right | dropped wrong |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in kinds:
        precision, recall, right, wrong, there = rates(cases, kind)
        _, _, dropped, badly, _ = rates(cases, kind, dropped=True)
        print(f"| {kind} | {precision} | {recall} | {right} | {wrong} | {there} | {dropped} | {badly} |")
    drops = [bool(true) for true, found in cases if any(level == "drop" for _, level in found)]
    share = f"{sum(drops) / len(drops):.3f}" if drops else "-"
    print(f"\nDropped by default: {len(drops)}, rightly {sum(drops)}: precision {share}.")


if __name__ == "__main__":
    main()
