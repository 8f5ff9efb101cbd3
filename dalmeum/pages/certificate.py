"""The page of an exported model: how far its scores are from those of the model that it was made from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dalmeum.files import write_text
from dalmeum.languages import LANGUAGES, Shown, Text, counted_pairs
from dalmeum.numbers import NONE, number
from dalmeum.pages.document import Page, render
from dalmeum.pages.tables import EMPTY, Cell, Group, Row, Table

CERTIFICATE_PAGE = "certificate.html"

TITLE = Text("Certificate of {run}", "{run}의 인증서")
WITHIN, BEYOND = Text("within tolerance", "허용 범위 안"), Text("beyond tolerance", "허용 범위 밖")
LEFT_OUT = Text("beyond tolerance: left out of the folder", "허용 범위 밖: 폴더에 넣지 않음")
TOLERANCES = {
    "largest": Text("largest change {value:.2g}, {most:g} allowed", "최대 차이 {value:.2g}, 허용 {most:g}"),
    "p99": Text(
        "99th percentile of the change {value:.2g}, {most:g} allowed",
        "차이의 99번째 백분위수 {value:.2g}, 허용 {most:g}",
    ),
    "pearson": Text(
        "difference in Pearson {value:.2g}, {most:g} allowed", "피어슨의 차이 {value:.2g}, 허용 {most:g}"
    ),
    "disagreement": Text(
        "1 less Pearson with the model's scores {value:.2g}, {most:g} allowed",
        "1에서 모델 점수와의 피어슨을 뺀 값 {value:.2g}, 허용 {most:g}",
    ),
}
IN_FLOAT = Text("{count:,} of {all:,} products: {names}", "곱셈 {all:,}개 가운데 {count:,}개: {names}")
IN_FLOAT_NONE = Text("none of {all:,} products", "곱셈 {all:,}개 가운데 없음")
CALIBRATED = Text("{pairs} of {name}", "{name}의 {pairs}")
PART = Text("part", "부분")
PAIRS, MEAN = Text("pairs", "문장쌍"), Text("mean change", "평균 차이")
P99, LARGEST = Text("99th percentile", "99번째 백분위수"), Text("largest", "최대")
ALL = Text("all pairs", "모든 문장쌍")
BY_SCORE, BY_LENGTH = (
    Text("by the model's score", "모델의 점수별"),
    Text("by length in characters", "글자 수별"),
)
RATES = Text(
    "{graph:,.0f} pairs a second; the model {model:,.0f}", "초당 {graph:,.0f}쌍, 모델은 {model:,.0f}쌍"
)
ORDERS = Text("{graph:.4f} points; the model {model:.4f}", "{graph:.4f}점, 모델은 {model:.4f}점")
POINTS = Text("{points:.2g} points", "{points:.2g}점")
PEARSONS = Text("{graph}; the model {model}", "{graph}, 모델은 {model}")
LABELS = {
    "within": Text("verdict", "판정"),
    "tolerance": Text("by these tolerances", "판정 기준"),
    "calibration": Text("8-bit scales from", "8비트 눈금을 정한 데이터"),
    "in_float": Text("left in float", "실수로 남긴 것"),
    "pearson": Text("Pearson", "피어슨"),
    "difference": Text("difference in Pearson", "피어슨의 차이"),
    "other_order": Text("change by the order of the sentences", "문장 순서에 따른 차이"),
    "batches": Text("largest change by how many are scored at once", "한 번에 계산한 쌍 수에 따른 최대 차이"),
    "paddings": Text("largest change by padding", "패딩에 따른 최대 차이"),
    "agreement": Text("Pearson with the model's scores", "모델 점수와의 피어슨"),
    "speed": Text("speed on one thread", "스레드 하나의 속도"),
    "size": Text("size", "크기"),
    "sha256": Text("SHA-256", "SHA-256"),
}
IN_SHORTER = Text("the model itself in {precision}", "모델 자체를 {precision}로 계산할 때")
SHORTER = Text(
    "99 of 100 scores within {p99:.2g} points of float32, all within {largest:.2g}; up to {batches:.2g} by "
    "how many are scored at once",
    "float32와의 차이가 100개 중 99개는 {p99:.2g}점, 모두 {largest:.2g}점 안. 한 번에 계산한 쌍 수에 따라 "
    "최대 {batches:.2g}점",
)


def write_certificate(path: Path, certificate: Mapping[str, Any]) -> None:
    """Write the page of what `certificate.json` holds; errors as of `write_text`."""
    pairs = certificate["pairs"]
    values = {
        "heading": TITLE.format(run=certificate["run"]),
        "count": counted_pairs(pairs["count"]),
        "name": pairs["name"],
        "graphs": [
            {"file": graph["file"], "facts": _facts(graph, pairs["calibration"]), "changes": _changes(graph)}
            for graph in certificate["graphs"].values()
        ],
        "circumstances": {
            **_in_shorter_type(certificate["model"]["shorter"]),
            **certificate["machine"],
            **certificate["versions"],
        },
    }
    write_text(path, render(Page(values["heading"], "certificate.html", values)))


def _in_shorter_type(found: Mapping[str, Any] | None) -> dict[Shown, Shown]:
    if found is None or found["change"]["p99"] is None:
        return {}
    told = SHORTER.format(**found["change"], batches=found["batches"])
    return {IN_SHORTER.format(precision=found["precision"]): told}


def _facts(graph: Mapping[str, Any], calibration: str) -> dict[Shown, Shown]:
    verdict = WITHIN if graph["within"] else BEYOND if graph["written"] else LEFT_OUT
    facts: dict[Shown, Shown] = {LABELS["within"]: verdict, LABELS["tolerance"]: _tolerances(graph)}
    if search := graph.get("search"):
        pairs = counted_pairs(search["calibration_pairs"])
        facts[LABELS["calibration"]] = CALIBRATED.format(pairs=pairs, name=calibration)
        names = search["left_in_float"]
        left = IN_FLOAT if names else IN_FLOAT_NONE
        facts[LABELS["in_float"]] = left.format(
            count=len(names), all=search["products"], names=", ".join(names)
        )
    pearson = graph["pearson"]
    if pearson is not None and pearson["difference"]["value"] is not None:
        told = {name: _interval(pearson[name]) for name in ("graph", "model")}
        facts[LABELS["pearson"]] = PEARSONS.format(**told)
        facts[LABELS["difference"]] = f"{pearson['difference']['value']:+.6f}"
    facts[LABELS["other_order"]] = ORDERS.format(**graph["other_order"])
    facts[LABELS["agreement"]] = NONE if graph["agreement"] is None else number(graph["agreement"], 6)
    facts[LABELS["batches"]] = POINTS.format(points=graph["batches"])
    facts[LABELS["paddings"]] = POINTS.format(points=graph["paddings"])
    facts[LABELS["speed"]] = RATES.format(**graph["pairs_per_second"])
    facts[LABELS["size"]] = f"{graph['megabytes']:,.1f} MB"
    facts[LABELS["sha256"]] = graph["sha256"]
    return facts


def _tolerances(graph: Mapping[str, Any]) -> Shown:
    told: list[Text] = []
    for name, most in graph["tolerance"].items():
        value = graph["found"][name]
        told.append(TOLERANCES[name].format(value=float("nan") if value is None else value, most=most))
    return Text(*("; ".join(each.in_language(language) for each in told) for language in LANGUAGES))


def _interval(found: Mapping[str, float | None]) -> str:
    value, low, high = (found[name] for name in ("value", "low", "high"))
    if value is None:
        return NONE
    bounds = "" if low is None or high is None else f" ({number(low, 4)} – {number(high, 4)})"
    return f"{number(value, 4)}{bounds}"


def _changes(graph: Mapping[str, Any]) -> Table:
    """Of all pairs, and of parts of them; in points of the label scale."""
    groups = [Group([_row(ALL, graph["change"])])]
    for title, parts in ((BY_SCORE, graph["by_score"]), (BY_LENGTH, graph["by_length"])):
        groups.append(Group([_row(name, change) for name, change in parts.items()], title))
    return Table((PART, PAIRS, MEAN, P99, LARGEST), groups)


def _row(name: Shown, change: Mapping[str, float | None]) -> Row:
    sizes = [change[key] for key in ("mean", "p99", "largest")]
    cells = [EMPTY if size is None else Cell(f"{size:.2g}") for size in sizes]
    return Row(name, (Cell(f"{change['pairs']:,}"), *cells))
