"""Rule sets from and to other files: YAML and JSON hold everything, CSV and plain text a list of sentences.

Plain text is one sentence a line under the headings `normal:` and `abnormal:`, or two files, one for each side.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import yaml

from clipvad.errors import RulesError
from clipvad.rules.marks import Document, check_nodes
from clipvad.rules.schema import build_rules, dump_rules, parse_rules, rules_data
from clipvad.ruleset import SIDES, FieldPath, Rule, RuleSet

SUFFIXES = (".yaml", ".yml", ".json", ".csv", ".txt")
COLUMNS = ("side", "text", "category")
_HEADING = re.compile(r"(normal|abnormal)\s*:", re.IGNORECASE)
_HALF = re.compile(
    r"\\u[dD][89abAB]\w\w(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]\w\w)\\u[dD][c-fC-F]"
)  # of a surrogate pair
_BULLET = re.compile(r"[-*•]\s+")
Listed = list[tuple[str, dict[str, str], str]]  # side, keys of the sentence, the place where it stands


def read_sources(paths: Sequence[Path], *, name: str) -> RuleSet:
    """A rule set from one file, whose suffix tells its form, or from two plain lists: normal, then abnormal.

    `name`: of the set, where the files give none. Raises `RulesError`, naming file, line and mend.
    """
    if len(paths) == 2:
        return _from_two_lists(*paths, name=name)
    (path,) = paths
    text, suffix = _text_of(path), path.suffix.lower()
    if suffix not in SUFFIXES:
        raise RulesError(f"{path}: the form of a file is told by its end: {', '.join(SUFFIXES)}. Rename it.")
    readers: dict[str, Callable[[], RuleSet]] = {
        ".json": lambda: parse_json(text, source=str(path), name=name),
        ".csv": lambda: _listed(_csv_rows(text, str(path)), source=str(path), name=name),
        ".txt": lambda: _listed(_headed_lines(text, str(path)), source=str(path), name=name),
    }
    return readers.get(suffix, lambda: parse_rules(text, source=str(path)))()


def write_as(rules: RuleSet, suffix: str, *, target: str) -> tuple[str, tuple[str, ...]]:
    """The text of a file that ends in `suffix`, and what of the set such a file cannot hold, a phrase each.

    Sentences that are switched off are left out of CSV and plain text. `target` names the file in errors. Raises
    `RulesError` for another suffix, and where the sentences themselves would not come back as they are.
    """
    if suffix in (".yaml", ".yml"):
        return dump_rules(rules), ()
    if suffix == ".json":
        return json.dumps(rules_data(rules), ensure_ascii=False, indent=2) + "\n", ()
    if suffix not in SUFFIXES:
        raise RulesError(f"{target}: a rule set is written as {', '.join(SUFFIXES)}. Choose one of these ends.")
    kept = {side: [rule for rule in getattr(rules, side) if rule.enabled] for side in SIDES}
    text = _csv_text(kept) if suffix == ".csv" else _plain_text(kept)
    rows = (_csv_rows if suffix == ".csv" else _headed_lines)(text, target)
    _check_sentences(kept, rows, suffix, target)
    try:
        back = _listed(rows, source=target, name=rules.name)
    except RulesError as error:
        raise RulesError(f"{error} A {suffix} file cannot tell such sentences apart: choose .yaml or .json.") from None
    return text, tuple(_lost(rules, back, kept))


def parse_json(text: str, *, source: str, name: str) -> RuleSet:
    """The keys of a rule file as JSON; `version` and `name` may be missing. Raises `RulesError` as `parse_rules`."""

    try:
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise RulesError(f"{source}, line {error.lineno}: this is no JSON: {error.msg}.") from None
    except UnicodeEncodeError:
        half = _HALF.search(text)
        line = text.count("\n", 0, half.start() if half else 0) + 1
        raise RulesError(f"{source}, line {line}: an escape is half a character. Write the character out.") from None
    except (ValueError, RecursionError):  # a number of thousands of digits; lists within lists within lists
        raise RulesError(f"{source}: this is no rule file. It holds what no program can read.") from None
    document = Document(data, _marks(text))
    check_nodes(document.root, source)
    if isinstance(data, dict):
        data = {"version": 1, "name": name, **data}
    return build_rules(data, where=lambda path: f"{source}, line {document.line(path)}")


def _marks(text: str) -> yaml.Node | None:
    """Where the parts of a JSON text stand: nearly all JSON is YAML too; None where it is not."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _from_two_lists(normal: Path, abnormal: Path, *, name: str) -> RuleSet:
    for path in (normal, abnormal):
        if path.suffix.lower() != ".txt":
            raise RulesError(f"{path}: two lists are two .txt files. Rename it, or give one file alone.")
    if "abnormal" in normal.stem.casefold() and "abnormal" not in abnormal.stem.casefold():
        raise RulesError(f"{normal}: the first of two lists holds the normal sentences. Swap the two files.")
    rows: Listed = []
    for side, path in zip(SIDES, (normal, abnormal), strict=True):
        for number, line in _lines(_text_of(path)):
            if _HEADING.fullmatch(line):
                raise RulesError(f"{path}, line {number}: one of two lists has no headings. Remove this line.")
            rows.append((side, {"text": line}, f"{path}, line {number}"))
        if not any(one[0] == side for one in rows):
            raise RulesError(f"{path}: this list has no {side} sentence. Write at least one line.")
    return _listed(rows, source=str(abnormal), name=name)


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise RulesError(f"There is no file {str(path)!r}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"{path}: the file cannot be read as UTF-8 text ({error.__class__.__name__}).") from None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Number and sentence of each line that has one: no blank lines, no comments, no bullets."""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            yield number, _BULLET.sub("", bare, count=1) if _BULLET.match(bare) else bare


def _headed_lines(text: str, source: str) -> Listed:
    rows: Listed = []
    side = None
    for number, line in _lines(text):
        if heading := _HEADING.fullmatch(line):
            side = heading[1].lower()
        elif side is None:
            raise RulesError(
                f'{source}, line {number}: {line!r} stands on no side. Write "normal:" or "abnormal:" on a line above.'
            )
        else:
            rows.append((side, {"text": line}, f"{source}, line {number}"))
    return rows


def _csv_rows(text: str, source: str) -> Listed:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: Listed = []
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            where, line = f"{source}, line {line}", reader.line_num + 1
            if header is None:
                header = _header(cells, where)
            elif any(cell.strip() for cell in cells):
                rows.append(_csv_row(dict(zip(header, cells, strict=False)), len(cells), len(header), where))
    except csv.Error as error:
        raise RulesError(f"{source}, line {reader.line_num}: this is no CSV: {error}.") from None
    return rows


def _header(cells: list[str], where: str) -> list[str]:
    names = [cell.strip().casefold() for cell in cells]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or len(set(names)) < len(names) or not {"side", "text"} <= set(names):
        raise RulesError(f"{where}: the first line names the columns {','.join(COLUMNS)}, got {','.join(cells)!r}.")
    return names


def _csv_row(row: dict[str, str], cells: int, columns: int, where: str) -> tuple[str, dict[str, str], str]:
    if cells != columns:
        raise RulesError(
            f"{where}: {cells} cells under {columns} columns. Put a sentence that has a comma between double quotes."
        )
    side = row["side"].strip().casefold()
    if side not in SIDES:
        raise RulesError(f"{where}: the side is {row['side']!r}. Write normal or abnormal.")
    return side, {"text": row["text"], "category": row.get("category", "").strip()}, where


def _listed(rows: Listed, *, source: str, name: str) -> RuleSet:
    sides = {side: [(keys, where) for one, keys, where in rows if one == side] for side in SIDES}

    def where(path: FieldPath) -> str:
        side = str(path[0]) if path else ""
        if side in sides and len(path) > 1:
            return sides[side][int(path[1])][1]
        return source

    data = {side: [keys for keys, _ in of_side] for side, of_side in sides.items()}
    return build_rules({"version": 1, "name": name, **data}, where=where)


def _csv_text(kept: dict[str, list[Rule]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((side, rule.text, rule.category) for side in SIDES for rule in kept[side])
    return out.getvalue()


def _plain_text(kept: dict[str, list[Rule]]) -> str:
    return "\n".join(f"{side}:\n" + "".join(f"{rule.text}\n" for rule in kept[side]) for side in SIDES)


def _check_sentences(kept: dict[str, list[Rule]], rows: Listed, suffix: str, target: str) -> None:
    """Raise for the first sentence that the file would not give back."""
    wanted = [(side, rule.text) for side in SIDES for rule in kept[side]]
    got: list[tuple[str, str] | None] = [(side, keys["text"].strip()) for side, keys, _ in rows]
    for i, (side, text) in enumerate(wanted):
        if i >= len(got) or got[i] != (side, text):
            raise RulesError(
                f"{target}: a {suffix} file cannot hold the {side} sentence {text!r} as it is. Choose .yaml or .json."
            )


def _lost(rules: RuleSet, back: RuleSet, kept: dict[str, list[Rule]]) -> Iterator[str]:
    """What `back`, read from the file, has not of `rules`."""
    off = len(rules.normal) + len(rules.abnormal) - sum(map(len, kept.values()))
    for field in fields(RuleSet):
        if field.name not in SIDES and getattr(rules, field.name) != getattr(back, field.name):
            yield field.name
    pairs = [pair for side in SIDES for pair in zip(kept[side], getattr(back, side), strict=True)]
    for field in fields(Rule):
        count = sum(getattr(one, field.name) != getattr(other, field.name) for one, other in pairs)
        if count:
            yield f"{field.name} of {_sentences(count)}"
    if off:
        yield f"{_sentences(off)} switched off"


def _sentences(count: int) -> str:
    return f"{count} sentence{'' if count == 1 else 's'}"
