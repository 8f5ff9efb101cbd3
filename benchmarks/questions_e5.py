"""The studies of a Korean encoder (`recipes/studies/*-e5.yaml`): what they can find, before they are run, and
what they came to.

    python benchmarks/questions_e5.py plans --seed-sd 0.004 --pair-se 0.003 --out PLANS.json
    python benchmarks/questions_e5.py answers --klue data/klue-sts/klue-sts-dev-even.json --out ANSWERS.json

Run it where the studies are run: data lie under `data/`, runs under `runs/`, findings under `studies/`. For
`answers` the runs of each finished study score the file of KLUE-STS, too, and are judged on it as
`dalmeum compare --data` does; that is kept beside the study's findings. They also score `PAIRS`, of which no
verdict is told. Every verdict is the findings' own, but that p-values of gaps are Holm's over a study's arms
here, as those of scores and steps are.
"""

import argparse
import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from record import circumstances

import dalmeum
from dalmeum.comparison.findings import SCHEMA
from dalmeum.errors import InputError
from dalmeum.stats import holm, json_number

RECIPES = Path(__file__).parents[1] / "recipes" / "studies"
STUDIES = ("alpha-e5", "multitask-e5", "scope-e5", "spacing-e5")
"""In the order in which they are run: each takes the runs that it shares with those before it."""

PAIRS = {
    "both": ("나는집에 간다", "나는 집에간다"),
    "first": ("나는집에 간다", "나는 집에 간다"),
    "second": ("나는 집에 간다", "나는 집에간다"),
}
"""Pairs that differ in spacing only, by which of the sentences is spaced wrongly."""

LEVEL = 0.05
Told = dict[str, Any]


def plans(seed_sd: float, pair_se: float) -> Told:
    return {
        name: dalmeum.plan(RECIPES / f"{name}.yaml", seed_sd=seed_sd, pair_se=pair_se).to_dict()
        for name in STUDIES
    }


def answers(studies: Path, runs: Path, klue: Path) -> Told:
    """What the finished ones of the studies came to; `InputError` where none is finished."""
    finished = {name: studies / name / "study.json" for name in STUDIES}
    found = {name: read_findings(path) for name, path in finished.items() if path.is_file()}
    if not found:
        raise InputError(f"{studies}: holds the findings of none of {', '.join(STUDIES)}: run them first")
    scores = functools.cache(lambda run: dalmeum.load(run, output=runs).score(list(PAIRS.values())).tolist())
    told = {}
    for name, findings in found.items():
        elsewhere = on_other_pairs(findings, klue, runs, studies / name / "klue")
        told[name] = {**of_study(findings), "klue": of_split(*elsewhere["splits"].values())}
    return {"studies": told, "pairs": {name: of_pairs(findings, scores) for name, findings in found.items()}}


def read_findings(path: Path) -> Told:
    """Findings whose words are verdicts; `InputError` for those of another schema, or exploratory ones."""
    findings: Told = json.loads(path.read_text(encoding="utf-8"))
    if findings["schema"] != SCHEMA:
        raise InputError(f"{path}: has schema {findings['schema']}, not {SCHEMA}: judge the study again")
    if findings["look"] and findings["look"]["exploratory"]:
        raise InputError(f"{path}: is exploratory ({findings['look']['exploratory']}): it holds no verdict")
    return findings


def on_other_pairs(findings: Told, data: Path, runs: Path, folder: Path) -> Told:
    """Findings of the study's runs on other pairs, made where `folder` does not hold them already."""
    kept = folder / "compare.json"
    if kept.is_file():
        known = read_findings(kept)
        if list(known["splits"]) == [data.name] and known["arms"] == findings["arms"]:
            return known
    arms = {name: [str(runs / run) for run in arm["runs"]] for name, arm in findings["arms"].items()}
    dalmeum.compare(
        arms,
        data=data,
        metric=findings["metric"],
        smallest_effect=findings["smallest_effect"],
        folder=folder,
        output=runs,
    )
    return read_findings(kept)


def of_study(findings: Told) -> Told:
    test = findings["splits"]["test"]
    told = {split: of_split(split_found) for split, split_found in findings["splits"].items()}
    return {
        "question": findings["question"],
        "baseline": findings["baseline"],
        "seeds": len(findings["arms"][findings["baseline"]]["seeds"]),
        "smallest_effect": findings["smallest_effect"],
        **told,
        "gaps": of_gaps(test),
        "convergence": findings["convergence"] and of_convergence(findings["convergence"]),
        "planted": {
            name: arm["diagnosis"]["slices"]["spacing"]
            for name, arm in test["arms"].items()
            if arm["diagnosis"] and "spacing" in arm["diagnosis"]["slices"]
        },
    }


def of_split(found: Told) -> Told:
    """Scores with their intervals, and of each arm its difference to the baseline and what it means."""
    return {
        "pairs": found["pairs"],
        "scores": {name: arm["score"] for name, arm in found["arms"].items()},
        "arms": {
            name: {
                **arm["difference"],
                **{
                    key: arm["verdict"][key]
                    for key in ("p_value", "equivalence_p_value", "detectable_effect")
                },
                "verdict": arm["verdict"]["outcome"],
            }
            for name, arm in found["arms"].items()
            if arm["verdict"]
        },
    }


def of_gaps(found: Told) -> Told:
    """Train less judged score, and how much more of it an arm has than the baseline."""
    arms = {name: arm["gap"] for name, arm in found["arms"].items() if arm["gap"]}
    changes = {name: gap["difference"] for name, gap in arms.items() if gap["difference"]}
    # Of a p-value that there is not NaN, which Holm counts.
    adjusted = holm(np.array([change["p_value"] for change in changes.values()], float))
    return {
        "of": {name: gap["gap"] for name, gap in arms.items()},
        "arms": {
            name: {**change, "p_value": p, "verdict": size_told(change["value"], p)}
            for (name, change), p in zip(changes.items(), map(json_number, adjusted), strict=True)
        },
    }


def of_convergence(found: Told) -> Told:
    """Steps to each run's own plateau (speed alone), and to the baseline's (height and speed)."""
    speeds = {name: speed for name, speed in found["arms"].items() if speed}
    own = {name: speed["own_plateau"] for name, speed in speeds.items()}
    level = {name: speed["baseline_level"] for name, speed in speeds.items()}
    return {
        "steps": {name: each["steps"] for name, each in own.items()},
        "own": {
            name: {**each["factor"], "p_value": each["p_value"], "verdict": each["outcome"]}
            for name, each in own.items()
            if each["factor"]
        },
        "level": {
            name: {
                **each["difference"],
                "p_value": each["p_value"],
                "verdict": size_told(each["difference"]["value"], each["p_value"]),
            }
            for name, each in level.items()
            if each["difference"]
        },
    }


def size_told(difference: float, p_value: float | None) -> str:
    if p_value is None or p_value >= LEVEL:
        return "undecided"
    return "larger" if difference > 0 else "smaller"


def of_pairs(findings: Told, scores: Callable[[str], list[float]]) -> Mapping[str, Mapping[str, list[float]]]:
    """By arm and pair, the score of each seed's run."""
    return {
        name: dict(zip(PAIRS, map(list, zip(*map(scores, arm["runs"]), strict=True)), strict=True))
        for name, arm in findings["arms"].items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    planned, answered = commands.add_parser("plans"), commands.add_parser("answers")
    planned.add_argument("--seed-sd", type=float, required=True)
    planned.add_argument("--pair-se", type=float, required=True)
    answered.add_argument("--studies", type=Path, default=Path("studies"))
    answered.add_argument("--runs", type=Path, default=Path("runs"))
    answered.add_argument("--klue", type=Path, required=True)
    for command in (planned, answered):
        command.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    settings: Told
    if given.command == "plans":
        settings = {"seed_sd": given.seed_sd, "pair_se": given.pair_se}
        told = {"plans": plans(**settings)}
    else:
        settings = {"klue": given.klue.name, "pairs": PAIRS}
        told = answers(given.studies, given.runs, given.klue)
    packages = ("dalmeum", "torch", "transformers", "numpy", "scipy")
    text = json.dumps({**circumstances(packages, settings), **told}, indent=1, ensure_ascii=False)
    given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
