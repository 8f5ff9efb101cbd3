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
    return f"≥ {figures}" if told["recovered"] == "assumed" and value < 1 else figures


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


def tables() -> dict[str, list[Row]]:
    return {
        **{name: study_rows(name) for name in STUDIES},
        "planted": planted_rows(),
        "scope": scope_rows(),
    }


if __name__ == "__main__":
    tables_written(PAGES, tables(), check="--check" in sys.argv[1:])
