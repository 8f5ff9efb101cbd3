"""The JSON of findings as 0.1.0 wrote it, from today's: `python -m tests.older_schema OLD.json NEW.json`.

Before schema 2 a study and a comparison had a shape each. Schema 3 judges arms together, and schema 4 by
groups of pairs that share sentences, so that intervals, p-values and what stands in a verdict are other than
then. Schema 4 also tells speed otherwise, takes bounds of a mean over seeds on another scale, expects of new
pairs what is left after the checkpoints' choice, too, and fits the label scale over several splits. All else
must be what it was.
"""

import json
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]

CHANGED = {"verdict", "same_seeds", "convergence", "corrected", "scale"}
INTERVALS = {"difference", "pearson_gain", "score", "gap", "pearson", "spearman", "rmse", "mae", "f1"}
JUDGED = ("score", "difference", "verdict")


def as_study(findings: Json) -> Json:
    return {
        "study": findings["name"],
        "question": findings["question"],
        "against": findings["baseline"],
        "judgements": [_judgement(findings, split) for split in findings["splits"]],
        "gaps": {split: _each(findings, split, "gap") for split in findings["splits"]},
        "diagnosis": {split: _known(_each(findings, split, "diagnosis")) for split in findings["splits"]},
        **_of_dev(findings),
    }


def as_comparison(findings: Json) -> Json:
    (split,) = findings["splits"]
    judgement, models = _judgement(findings, split), findings["compared"] == "models"
    for name, arm in judgement["arms"].items():
        arm |= {key: findings["arms"][name][key] for key in ("seeds", "changes")}
        tests = findings["splits"][split]["arms"][name].get("tests")
        arm |= {} if tests is None else {"tests": tests}
    return {
        "baseline": findings["baseline"],
        "compared": findings["compared"],
        "same_seeds": findings["paired"],
        **judgement,
        "gaps": None if models else _each(findings, split, "gap"),
        **_of_dev(findings),
        "diagnosis": _known(_each(findings, split, "diagnosis")),
    }


def _of_dev(findings: Json) -> Json:
    choice = findings["choice_on_dev"]
    if choice is not None:
        own = {"with_checkpoints", "optimism_of_arm"}
        choice = {key: value for key, value in choice.items() if key not in own}
        choice["optimism"] = findings["choice_on_dev"]["optimism_of_arm"]
    return {
        "convergence": findings["convergence"],
        "choice_on_dev": choice,
        "choice_of_checkpoint": findings["choice_of_checkpoint"],
    }


def _judgement(findings: Json, split: str) -> Json:
    of_split = findings["splits"][split]
    return {
        "split": split,
        "metric": findings["metric"],
        "smallest_effect": findings["smallest_effect"],
        "pairs": of_split["pairs"],
        "arms": {
            name: {"runs": findings["arms"][name]["runs"], **{key: arm[key] for key in JUDGED}}
            for name, arm in of_split["arms"].items()
        },
    }


def _each(findings: Json, split: str, key: str) -> Json:
    return {name: arm[key] for name, arm in findings["splits"][split]["arms"].items()}


def _known(values: Json) -> Json | None:
    """Where the sentences are gone, 0.1.0 said so once, not for each arm."""
    return values if any(values.values()) else None


def with_names_of(new: Json, old: Any) -> Any:
    """`old` with the names that its arms have in `new`: 0.1.0 cut the names of runs' arms short."""
    if "arms" not in old:
        return old
    names = dict(zip(old["arms"], new["arms"], strict=True))

    def renamed(values: Any) -> Any:
        if isinstance(values, dict):
            return {names.get(key, key): renamed(each) for key, each in values.items()}
        if isinstance(values, list):
            return [renamed(each) for each in values]
        return names.get(values, values) if isinstance(values, str) else values

    return renamed(old)


def as_judged_before(values: Any) -> Any:
    """Without what is judged otherwise now: verdicts, speed, and bounds and p-values."""
    if isinstance(values, list):
        return [as_judged_before(each) for each in values]
    if not isinstance(values, dict):
        return values
    kept = {key: as_judged_before(each) for key, each in values.items() if key not in CHANGED}
    for key in INTERVALS & kept.keys():
        if isinstance(kept[key], dict) and "value" in kept[key]:
            kept[key] = kept[key]["value"]
    return kept


def differences(old: Any, new: Any, place: str = "", tolerance: float = 0.0) -> list[str]:
    """Where two JSON values differ: by default not one digit may, else a fraction by `tolerance`."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            line
            for key in dict.fromkeys([*old, *new])
            for line in (
                differences(old[key], new[key], f"{place}.{key}", tolerance)
                if key in old and key in new
                else [f"{place}.{key}: in one alone"]
            )
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [
            line
            for index, (one, other) in pairs
            for line in differences(one, other, f"{place}[{index}]", tolerance)
        ]
    if isinstance(old, float) and isinstance(new, float) and abs(old - new) <= tolerance:
        return []
    return [] if old == new else [f"{place}: {old!r} was, {new!r} is"]


def main() -> None:
    old, new = (json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:3])
    if new.get("schema", 1) >= 2:
        new = as_study(new) if "judgements" in old else as_comparison(new)
    found = differences(as_judged_before(with_names_of(new, old)), as_judged_before(new))
    print("\n".join(found) or "equal in every number and word but for what arms judged together changed")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
