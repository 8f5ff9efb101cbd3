"""Numbers of the documentation are those of the result files, and a verdict names what it rests on.

Behind a number, or several, stands where they come from, in the same line:

    .8267 (.8105 to .8430)<!-- = judged/recipes/korsts-offline -->

The path leads through a file of `benchmarks/results/`. What it names may be

- a number; `%` behind the path takes it times 100, `|abs` without its sign;
- an interval (value, low, high), with `p_value` a judgement: four numbers, and a verdict in backticks behind
  them if one is told;
- a rate of `benchmarks/calibration.py`: the share in %, and its standard error where the text has it;
- arms; `|VERDICT` or `|bent` behind them counts: how many, of how many;
- a list, of which `[key=value,...]` chooses; where several are left, the least and the largest are told.

Each number is right where it is the result's at the digits shown; behind `<` where the result's is smaller.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.test_docs import PAGES, READMES, ROOT, text

FILES = {
    "judged": "questions-judged-2026-11-27",
    "questions": "questions-2026-11-24",
    "e5": "questions-e5-2026-11-28",
    "plans": "plans-e5-2026-11-28",
    "null": "null-studies-2026-11-24",
    "recipes": "recipes-2026-11-24",
    "training": "training-2026-11-24",
    "training_cross": "training-cross-float32-2026-11-28",
    "training_bi": "training-bi-float32-2026-11-28",
    "calibration": "calibration-2026-11-27",
    "offline": "offline-2026-11-28",
    "best": "korsts-best-cpu-2026-11-28",
    "first": "first-recipes-2026-11-28",
    "offline-features": "offline-features-2026-11-28",
    "tune": "tune-2026-11-28",
    "blends": "blends-2026-11-28",
    "distil": "distil-2026-11-28",
    "swap": "swap-2026-11-28",
    "scoring": "scoring-2026-11-28",
    "score-file": "score-file-2026-11-28",
    "label-intervals": "label-intervals-2026-11-28",
    "serving": "serving-2026-11-28",
    "search": "search-2026-11-28",
    "cold-start": "cold-start-2026-11-28",
}
RESULTS = ROOT / "benchmarks" / "results"
PAGES_WITH_NUMBERS = (*PAGES, "benchmarks/README.md")
ANSWERS = ("docs/questions.md", "docs/questions.ko.md")
STATISTICS = ("docs/statistics.md", "docs/statistics.ko.md")
NUMBER = re.compile(r"(?P<below>< ?)?(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?<=\d))")
MARK = re.compile(r"<!-- = (?P<paths>.+?) -->")
VERDICTS = re.compile(r"`(better|worse|no_difference|undecided|larger|smaller|sooner|later)`$")
SETTINGS = {".005", ".05", ".01", "3.11", "2.0", f"{100 * (1 - 0.025 ** (1 / 20)):.1f}"}
"""Numbers with a point that are no results: the smallest effect that matters, levels, versions of Python and
of the licence, and the bound (Clopper and Pearson 1934) that 0 of 20 put on a rate, in %."""

Told = tuple[str, float, bool]


@cache
def file(name: str) -> Any:
    return json.loads((RESULTS / f"{FILES[name]}.json").read_text(encoding="utf-8"))


def result(path: str) -> list[Any]:
    """What a path names: one thing or, of a list, all that are left."""
    name, *steps = path.split("/")
    found: list[Any] = [file(name)]
    for step in steps:
        key, _, chosen = step.partition("[")
        found = [each[key] for each in found]
        if chosen:
            wanted = dict(part.split("=") for part in chosen.rstrip("]").split(","))
            found = [
                each
                for listed in found
                for each in listed
                if all(str(each[name]) == value for name, value in wanted.items())
            ]
        elif found and isinstance(found[0], list):
            found = [each for listed in found for each in listed]
    assert found, f"{path} names nothing"
    return found


def expected(path: str) -> tuple[list[float], bool, str | None]:
    """Numbers of a path, whether the last may be left out, and its verdict."""
    path, percent, _ = path.partition("%")
    path, _, change = path.partition("|")
    found = result(path)
    first = found[0]
    if change not in ("", "abs"):
        words = [
            arm["scale"]["bent"] if change == "bent" else arm["verdict"] == change for arm in first.values()
        ]
        return [sum(words), len(words)], False, None
    if isinstance(first, dict) and "share" in first:
        shares = [100 * each["share"] for each in found]
        if len(shares) > 1:
            return [min(shares), max(shares)], False, None
        return [shares[0], 100 * first["standard_error"]], True, None
    if isinstance(first, dict):
        keys = [key for key in ("value", "low", "high", "p_value") if key in first]
        return [first[key] for key in keys], False, first.get("verdict")
    factor = 100 if percent else 1
    if len(found) > 1:
        return [factor * min(found), factor * max(found)], False, None
    return [abs(first) if change else factor * first], False, None


def numbers(piece: str) -> list[Told]:
    """Each number as it is written, its value, and whether the result need only be below it."""
    found = []
    for each in NUMBER.finditer(piece):
        if shown := each["number"]:
            found.append((shown, float(shown.replace(",", "")), bool(each["below"])))
    return found


def agrees(told: Told, value: float) -> bool:
    shown, number, below = told
    half_a_digit = 0.5 * 10.0 ** -len(shown.partition(".")[2])
    return (below and value < number) or abs(number - value) <= half_a_digit + 1e-9


def pieces(page: str) -> Iterator[tuple[str, str | None]]:
    """The text between marks, a line at a time, with the path of the mark behind it."""
    for line in page.splitlines():
        start = 0
        for mark in MARK.finditer(line):
            yield line[start : mark.start()], mark["paths"]
            start = mark.end()
        yield line[start:], None


def compared(piece: str, path: str) -> tuple[list[Told], list[Told], list[float]]:
    """Numbers of a piece that its mark does not cover, those that it does, and what they should be."""
    values, shorter, verdict = expected(path)
    piece = piece.rstrip(" )")
    if verdict and (told := VERDICTS.search(piece)):
        assert told[1] == verdict, f"{path} is {verdict}"
        piece = piece[: told.start()]
    shown = numbers(piece)
    if shorter and not re.search(r"\([^()]*$", piece):
        values = values[:1]
    assert len(shown) >= len(values), f"{path}: {len(values)} numbers should stand before it"
    return shown[: -len(values)], shown[-len(values) :], values


MARKS = [(page, piece, path) for page in PAGES_WITH_NUMBERS for piece, path in pieces(text(page)) if path]


@pytest.mark.parametrize(("page", "piece", "path"), MARKS)
def test_numbers_are_those_of_the_results(page: str, piece: str, path: str) -> None:
    _, shown, values = compared(piece, path)
    for each, value in zip(shown, values, strict=True):
        assert agrees(each, value), f"{page}: {each[0]} is {value} in {path}"


def prose(page: str) -> str:
    """The page without generated tables, code, links and comments that are no marks."""
    body = re.sub(r"<!-- (?!end)[\w -]+ -->\n.*?<!-- end -->", "", text(page), flags=re.DOTALL)
    body = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", body, flags=re.DOTALL)
    return re.sub(r"alpha(가|는)? ?\.\d+", "", body)


def unmarked(body: str) -> list[str]:
    """Numbers with a point that no mark covers."""
    found = []
    for piece, path in pieces(body):
        shown = compared(piece, path)[0] if path else numbers(piece)
        found += [each[0] for each in shown if "." in each[0] and each[0] not in SETTINGS]
    return found


@pytest.mark.parametrize("page", [*READMES, *ANSWERS, *STATISTICS])
def test_every_number_says_where_it_comes_from(page: str) -> None:
    assert unmarked(prose(page)) == []


@pytest.mark.parametrize("page", ANSWERS)
def test_every_answer_names_its_judgement(page: str) -> None:
    """The answers stand first, a line each; one that says a verdict has the judgement beside it."""
    first = text(page).split("\n## ")[1]
    answers = [line for line in first.splitlines() if line.startswith("- ")]
    assert len(answers) >= 6
    for answer in answers:
        assert "<!-- = " in answer, answer


def test_tables_are_what_the_results_say() -> None:
    call = [sys.executable, "docs/make_questions.py", "--check"]
    checked = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_results_name_no_place_on_a_machine() -> None:
    for path in RESULTS.glob("*.json"):
        assert re.findall(r'"(?:/|~|[A-Z]:\\\\)[^"]*"', path.read_text(encoding="utf-8")) == [], path.name
