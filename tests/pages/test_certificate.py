"""The page of an exported model says what its certificate holds, in both languages, and nothing more."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dalmeum.data import PairTable
from dalmeum.pages.certificate import write_certificate
from dalmeum.serving.export.certificate import certified

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"0" * 3_000_000)
    draw = np.random.default_rng(0)
    table = PairTable(
        id=tuple(map(str, range(40))),
        source=("",) * 40,
        sentence1=tuple("a" * length for length in range(1, 41)),
        sentence2=("b",) * 40,
        label=draw.uniform(0, 5, 40),
    )
    scores = dict(zip(table.pairs, table.label + draw.normal(0, 1, 40), strict=True))  # type: ignore[operator]

    def model(pairs: Any, batch: int) -> Any:
        return np.array([scores.get(pair, 2.0) for pair in pairs])

    found = certified(
        path, table, model, lambda pairs, batch: model(pairs, batch) + 0.0123, {"largest": 1e-4}
    )
    moved = certified(
        path,
        table,
        model,
        lambda pairs, batch: 1.1 * model(pairs, batch) + 0.2,
        {"p99": 0.1, "pearson": 0.001},
    )
    search = {"calibration_pairs": 256, "products": 36, "left_in_float": [HOSTILE, "layer.0"]}
    return {
        "run": HOSTILE,
        "model": {
            "shorter": {
                "precision": "bfloat16",
                "change": {"pairs": 40, "mean": 0.01, "p99": 0.021, "largest": 0.045},
                "batches": 0.015,
            }
        },
        "pairs": {"name": HOSTILE, "count": 40, "labelled": True, "calibration": HOSTILE},
        "machine": {"processor": HOSTILE, "cores": 2},
        "versions": {"python": "3.11", "onnx": "1"},
        "graphs": {
            "float32": {**found.to_dict(), "written": True},
            "int8": {**moved.to_dict(), "written": False, "search": search},
        },
    }


def test_the_page_has_what_was_found(certificate: dict[str, Any], tmp_path: Path) -> None:
    write_certificate(tmp_path / "certificate.html", certificate)
    page = (tmp_path / "certificate.html").read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 3
    for text in (
        "beyond tolerance",
        "허용 범위 밖",
        "0.012",
        "3.0 MB",
        "4 to 5",
        "99번째 백분위수",
        "+0.000000",
        "beyond tolerance: left out of the folder",
        "허용 범위 밖: 폴더에 넣지 않음",
        "difference in Pearson",
        "2 of 36 products",
        "곱셈 36개 가운데 2개",
        "256 pairs of",
        "the model itself in bfloat16",
        "99 of 100 scores within 0.021 points of float32, all within 0.045; up to 0.015 by how many",
    ):
        assert text in page, text
    assert certificate["graphs"]["float32"]["sha256"] in page


def test_without_labels_no_pearson_is_told(certificate: dict[str, Any], tmp_path: Path) -> None:
    certificate["graphs"]["float32"]["pearson"] = None
    certificate["model"]["shorter"] = None
    del certificate["graphs"]["int8"]
    write_certificate(tmp_path / "certificate.html", certificate)
    assert "difference in Pearson" not in (tmp_path / "certificate.html").read_text(encoding="utf-8")
