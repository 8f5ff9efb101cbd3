"""Fill the tables of docs/questions.md and questions.ko.md from results; with --check, only compare.

As `make_reference.py`: a table stands between `<!-- name -->` and `<!-- end -->`.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from make_reference import Row, tables_written

from dalmeum.languages import Language, Text

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
PAGES: Mapping[str, Language] = {"questions.md": "en", "questions.ko.md": "ko"}
STUDIES = ("alpha", "alpha-stsb", "alpha-sick", "multitask", "multitask-stsb", "multitask-sick")
PLANTED = {
    "spacing": Text("KorSTS, labelled 4", "KorSTS, 레이블 4"),
    "spacing-5": Text("KorSTS, labelled 5", "KorSTS, 레이블 5"),
    "spacing-stsb": Text("STS-B, labelled 4", "STS-B, 레이블 4"),
    "spacing-sick": Text("SICK, labelled 4", "SICK, 레이블 4"),
}
SCOPES = {
    "offline-none-baseline": Text("KorSTS, 32 pairs at random", "KorSTS, 무작위 32쌍"),
    "offline-source-baseline": Text("KorSTS, 32 pairs of one source", "KorSTS, 출처가 같은 32쌍"),
    "scope-none-baseline": Text("STS-B, 32 pairs at random", "STS-B, 무작위 32쌍"),
    "scope-length-baseline": Text("STS-B, 32 pairs of like length", "STS-B, 길이가 비슷한 32쌍"),
    "offline-4-none": Text("KorSTS, 4 pairs at random", "KorSTS, 무작위 4쌍"),
    "offline-4-source": Text("KorSTS, 4 pairs of one source", "KorSTS, 출처가 같은 4쌍"),
    "offline-8-none": Text("KorSTS, 8 pairs at random", "KorSTS, 무작위 8쌍"),
    "offline-8-source": Text("KorSTS, 8 pairs of one source", "KorSTS, 출처가 같은 8쌍"),
}
E5 = "questions-e5-2026-11-28"
ANSWERS = {
    "alpha-e5": Text(
        "does the correlation loss help on unseen pairs?", "상관 손실은 처음 보는 쌍에 도움이 되나?"
    ),
    "multitask-e5": Text(
        "does a binary task help, or speed things up?", "이진 과제는 도움이 되나, 더 빨라지나?"
    ),
    "scope-e5": Text(
        "what do micro-batches of 4 cost the correlation?", "마이크로 배치 4쌍은 상관 손실에서 얼마를 깎나?"
    ),
    "spacing-e5": Text(
        "does the mixture lose where spacing pairs are planted?", "띄어쓰기 쌍을 심으면 mixture가 지나?"
    ),
}
"""Questions of the studies with a Korean encoder; a study that is not in the result has no rows."""

MEASURED = {
    "test": Text("KorSTS dev", "KorSTS dev"),
    "klue": Text("KLUE-STS, 260 pairs", "KLUE-STS, 260쌍"),
    "gaps": Text("gap train - KorSTS dev", "격차(train - KorSTS dev)"),
    "own": Text(
        "steps to 95 % of the own plateau, times the baseline's",
        "자기 수렴 점수의 95 %까지 스텝, 기준선의 몇 배",
    ),
    "level": Text(
        "steps to 95 % of the baseline's plateau, less the baseline's",
        "기준선 수렴 점수의 95 %까지 스텝, 기준선과의 차이",
    ),
}
SPACED = {
    ("alpha-e5", "baseline"): Text("MAE", "MAE"),
    ("alpha-e5", "mixture"): Text("mixture, alpha .1", "mixture, alpha .1"),
    ("alpha-e5", "correlation"): Text("correlation", "상관"),
    ("multitask-e5", "binary-0.2"): Text("mixture with a binary task", "mixture와 이진 과제"),
    ("scope-e5", "micro"): Text("correlation over micro-batches of 4", "마이크로 배치 4쌍의 상관"),
    ("spacing-e5", "baseline"): Text("MAE, spacing pairs planted (4)", "MAE, 띄어쓰기 쌍을 심음(4)"),
    ("spacing-e5", "mixture"): Text("mixture, spacing pairs planted (4)", "mixture, 띄어쓰기 쌍을 심음(4)"),
}
"""Arms whose runs scored the pairs that differ in spacing alone; an arm of two studies once."""

ARM, LESS = Text("arm", "비교 조건"), Text("less the baseline", "기준선과의 차이")
SCORE, VERDICT = Text("test Pearson", "test 피어슨"), Text("verdict", "판정")
P_VALUE = Text("p (Holm)", "p(Holm)")
EMPTY = Text("", "")


def results(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["studies"]
    return found


def same(text: str) -> Text:
    return Text(text, text)


def number(value: float, digits: int = 4, *, sign: bool = False) -> str:
    """As the field writes it, without the 0 before the point."""
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("0.", ".", 1)


def interval(told: Mapping[str, float], digits: int = 4) -> Text:
    value, low, high = (number(told[key], digits, sign=True) for key in ("value", "low", "high"))
    return Text(f"{value} ({low} to {high})", f"{value} ({low} ~ {high})")


def p_value(told: Mapping[str, Any]) -> str:
    """Two figures; a lower bound where the error's parts are not known."""
    value = told["p_value"]
    figures = "< .001" if value < 0.001 else number(value, 3 if value < 0.1 else 2)
    return f"≥ {figures}" if told.get("recovered") == "assumed" and value < 1 else figures


def beside(told: Mapping[str, Any] | None, digits: int) -> Text:
    """A difference that is not the table's main one: with p, in bold where it is decided."""
    if told is None:
        return EMPTY
    change, mark = interval(told, digits), "" if told["verdict"] == "undecided" else "**"
    p = f"; p {p_value(told)}"
    return Text(f"{mark}{change.en}{mark}{p}", f"{mark}{change.ko}{mark}{p}")


def study_rows(name: str) -> list[Row]:
    study = results("questions-judged-2026-11-27")[name]
    test, base = study["test"], study["baseline"]
    kept = results("questions-2026-11-24")[name]
    head = (
        ARM,
        SCORE,
        LESS,
        P_VALUE,
        VERDICT,
        Text("steps to 95 %, less the baseline's", "95 %까지 스텝, 기준선과의 차이"),
        Text("gap train - test, less the baseline's", "격차(train - test), 기준선과의 차이"),
    )
    steps = kept["convergence"]["arms"][base][0]["steps"]["value"]
    gap = kept["gaps"]["test"][base]["gap"]["value"]
    rows: list[Row] = [
        head,
        (
            same(f"`{base}`"),
            same(number(test["scores"][base]["value"])),
            *[EMPTY] * 3,
            same(f"{steps:.0f}"),
            same(number(gap, 3, sign=True)),
        ),
    ]
    for arm, told in test["arms"].items():
        rows.append(
            (
                same(f"`{arm}`"),
                same(number(test["scores"][arm]["value"])),
                interval(told),
                same(p_value(told)),
                same(told["verdict"]),
                beside(study["steps"].get(arm), 0),
                beside(study["gaps"].get(arm), 3),
            )
        )
    return rows


def planted_rows() -> list[Row]:
    judged, kept = results("questions-judged-2026-11-27"), results("questions-2026-11-24")
    rows: list[Row] = [
        (
            Text("data, arm", "데이터, 비교 조건"),
            SCORE,
            Text("less the MAE", "MAE와의 차이"),
            P_VALUE,
            VERDICT,
            Text("RMSE of planted pairs", "심은 쌍의 RMSE"),
            Text("less the MAE, its own interval", "MAE와의 차이, 보정 없는 구간"),
            Text("RMSE of the others", "나머지 쌍의 RMSE"),
            Text("planted pairs' share of the lost score", "잃은 점수 중 심은 쌍의 몫"),
        )
    ]
    for study, data in PLANTED.items():
        for arm, score in judged[study]["test"]["scores"].items():
            told = judged[study]["test"]["arms"].get(arm)
            spacing = kept[study]["diagnosis"]["test"][arm]["spacing"]
            planted, change = spacing["spacing only"], spacing["spacing only"]["difference"]
            name = "MAE" if arm == "baseline" else arm
            rows.append(
                (
                    Text(f"{data.en}, `{name}`", f"{data.ko}, `{name}`"),
                    same(number(score["value"])),
                    interval(told) if told else EMPTY,
                    same(p_value(told) if told else ""),
                    same(told["verdict"] if told else ""),
                    same(number(planted["rmse"], 3)),
                    interval(change, 3) if change else EMPTY,
                    same(number(spacing["other"]["rmse"], 3)),
                    same(f"{planted['share_of_lost_score']:.1%}".replace("%", " %")),
                )
            )
    return rows


def scope_rows() -> list[Row]:
    judged = results("questions-judged-2026-11-27")
    batch = Text("data, batch", "데이터, 배치")
    rows: list[Row] = [(batch, ARM, Text("less `micro`", "`micro`와의 차이"), P_VALUE, VERDICT)]
    for study, data in SCOPES.items():
        for arm, told in judged[study]["test"]["arms"].items():
            rows.append((data, same(f"`{arm}`"), interval(told), same(p_value(told)), same(told["verdict"])))
    return rows


def answer_rows(studies: Mapping[str, Any]) -> list[Row]:
    """A row for each verdict of the studies with a Korean encoder, on whatever it is."""
    difference = Text("less the baseline", "기준선과의 차이")
    rows: list[Row] = [(Text("question", "질문"), ARM, Text("on", "무엇으로"), difference, P_VALUE, VERDICT)]
    for name, question in ANSWERS.items():
        study = studies.get(name)
        if study is None:
            continue
        speeds = study["convergence"] or {"own": {}, "level": {}}
        arms = {split: study[split]["arms"] for split in ("test", "klue")}
        arms |= {"gaps": study["gaps"]["arms"], "own": speeds["own"], "level": speeds["level"]}
        for measured, found in arms.items():
            for arm, told in found.items():
                rows.append((question, same(f"`{arm}`"), MEASURED[measured], *verdict_cells(measured, told)))
                question = EMPTY
    return rows


def verdict_cells(measured: str, told: Mapping[str, Any]) -> Row:
    """Difference or, of steps to the own plateau, factor; p by Holm; and the word. Steps may be unknown."""
    if told["low"] is None or told["p_value"] is None:
        return EMPTY, EMPTY, same(told["verdict"])
    digits = {"own": 2, "level": 0}.get(measured, 4)
    if measured == "own":
        value, low, high = (number(told[key], digits) for key in ("value", "low", "high"))
        change = Text(f"× {value} ({low} to {high})", f"× {value} ({low} ~ {high})")
    else:
        change = interval(told, digits)
    return change, same(p_value(told)), same(told["verdict"])


def spaced_rows(result: Mapping[str, Any]) -> list[Row]:
    """What pairs that differ in spacing alone score, by arm: the mean over seeds, the least and the most."""
    pairs = result["settings"]["pairs"]
    rows: list[Row] = [(ARM, *(same(f"{first} / {second}") for first, second in pairs.values()))]
    for (study, arm), name in SPACED.items():
        if study in result["pairs"]:
            scores = result["pairs"][study][arm]
            rows.append((name, *(of_seeds(scores[pair]) for pair in pairs)))
    return rows


def of_seeds(scores: list[float]) -> Text:
    mean, least, most = (number(value, 2) for value in (sum(scores) / len(scores), min(scores), max(scores)))
    return Text(f"{mean} ({least} to {most})", f"{mean} ({least} ~ {most})")


def tables() -> dict[str, list[Row]]:
    e5 = json.loads((RESULTS / f"{E5}.json").read_text(encoding="utf-8"))
    return {
        "e5 answers": answer_rows(e5["studies"]),
        "e5 spacing": spaced_rows(e5),
        **{name: study_rows(name) for name in STUDIES},
        "planted": planted_rows(),
        "scope": scope_rows(),
    }


if __name__ == "__main__":
    tables_written(PAGES, tables(), check="--check" in sys.argv[1:])
