"""A card says what its run knows, in the hub's form, and its lines of Python come to the scores."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.data.practice.files import write_practice
from dalmeum.data.splits import read_splits
from dalmeum.errors import InputError
from dalmeum.models.kinds import ensemble_of, load_scorer, new_scorer
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import load_recipe
from dalmeum.runs.data import data_files
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.record import DataFile
from dalmeum.serving.card import Card, model_card
from dalmeum.serving.card.code import EXAMPLE, dalmeum_code, kind_of, library_code
from dalmeum.serving.card.facts import known_set
from dalmeum.serving.card.known import ENCODERS, SETS
from dalmeum.serving.card.told import CardFile
from tests.conftest import REAL_DATA, draw_pairs

OLDER = Path(__file__).parents[2] / "older" / "runs"
CROSS = "20261127-123628-cross"
PAIRS: list[tuple[str, str]] = eval(EXAMPLE)  # as a reader of the card would

REPO = "me/first"


def metadata(text: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return values


def card_of(run: Run, told: CardFile | None = None) -> Card:
    return model_card(run, load_scorer(run.model, "float32"), REPO, told or CardFile())


def changed(run: Run, recipe: dict[str, Any] | None = None, **record: Any) -> Run:
    """The same with another record, and another recipe."""
    found = Run(run.folder, dataclasses.replace(run.record, **record))
    if recipe:
        found.__dict__["_recipe"] = load_recipe(run.recipe(), **recipe)
    return found


@pytest.fixture
def run(tmp_path: Path) -> Run:
    shutil.copytree(OLDER / CROSS, tmp_path / "runs" / CROSS)
    return open_run(tmp_path / "runs" / CROSS)


def executed(code: str) -> np.ndarray:
    names: dict[str, Any] = {}
    exec(code, names)
    return np.asarray(names["scores"], np.float64)


@pytest.mark.parametrize(
    "name", [CROSS, "20261127-123634-cross-binary", "20261127-123641-bi", "20261127-123648-bi-binary"]
)
def test_lines_of_sentence_transformers_come_to_the_runs_scores(name: str) -> None:
    folder = OLDER / name / "model"
    scorer = load_scorer(folder, "float32")
    code = library_code(kind_of(scorer), scorer, REPO).replace(REPO, str(folder))
    np.testing.assert_allclose(executed(code), scorer.score(PAIRS), atol=1e-4)
    assert "import dalmeum" not in code


@pytest.mark.parametrize(
    ("sigmoid", "swap", "columns"), [(True, False, 1), (False, True, 2), (True, True, 1)]
)
def test_lines_for_a_sigmoid_and_for_both_orders(
    tiny_encoder: Callable[[str], str], tmp_path: Path, sigmoid: bool, swap: bool, columns: int
) -> None:
    tasks = {"binary": {"threshold": 2.5}} if columns > 1 else {}
    recipe = load_recipe(
        data={"train": "train.csv", "label_range": [1, 4]},
        model={"encoder": tiny_encoder("bert"), "max_length": 32},
        tasks=tasks,
    )
    made = new_scorer(recipe, read_pairs([(one, two, 1 + label / 2) for one, two, label in draw_pairs(20)]))
    scorer = dataclasses.replace(made, sigmoid=sigmoid, swap=swap).with_precision("float32")
    scorer.save(tmp_path / "model")
    code = library_code("cross", scorer, REPO).replace(REPO, str(tmp_path / "model"))
    np.testing.assert_allclose(executed(code), scorer.score(PAIRS), atol=1e-4)
    assert abs(float(np.subtract(*scorer.score(PAIRS)))) > 1e-3


def test_lines_of_dalmeum_come_to_the_runs_scores(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def download(repo: str) -> str:
        asked.append(repo)
        return str(OLDER / CROSS / "model")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    exec(dalmeum_code("cross", REPO), {})
    shown = np.array(capsys.readouterr().out.strip("[]\n").split(), np.float64)
    np.testing.assert_allclose(shown, dalmeum.load(OLDER / CROSS).score(PAIRS), atol=1e-2)
    assert asked == [REPO]
    assert "trust_code=True" in dalmeum_code("own", REPO)


def test_metadata_is_what_the_hub_reads(run: Run) -> None:
    card = card_of(run)
    data = metadata(card.text)
    assert (data["library_name"], data["pipeline_tag"]) == ("sentence-transformers", "text-ranking")
    assert data["tags"] == ["semantic-textual-similarity", "cross-encoder", "dalmeum"]
    assert "license" not in data
    assert "language" not in data
    assert "base_model" not in data  # a folder
    read: Any = ModelCard(card.text).data  # as the hub's own library reads it
    results = read.eval_results
    found = {(each.dataset_split, each.metric_type): each.metric_value for each in results}
    metrics = run.metrics()
    assert {split for split, _ in found} == {"dev", "test"}
    for split in ("dev", "test"):
        for name in ("pearson", "spearman", "rmse", "mae"):
            assert found[split, name] == pytest.approx(metrics[split][name]["value"], abs=5e-5)
    pearson = metrics["dev"]["pearson"]
    row = f"| Pearson | {pearson['value']:.4f} | {pearson['low']:.4f} to {pearson['high']:.4f} |"
    assert row in card.text


def test_bi_encoders_and_what_the_author_tells() -> None:
    told = CardFile(
        title="Mine",
        license="apache-2.0",
        language=("ko", "en"),
        datasets=("me/pairs",),
        tags=("korean",),
        base_model="klue/roberta-base",
        data={"train": {"name": "My | pairs", "license": "cc0-1.0", "url": "https://example.org"}},  # type: ignore[dict-item]
        notes="For search.",
    )
    card = card_of(open_run(OLDER / "20261127-123641-bi"), told)
    data = metadata(card.text)
    assert data["pipeline_tag"] == "sentence-similarity"
    assert (data["license"], data["language"]) == ("apache-2.0", ["ko", "en"])
    assert (data["datasets"], data["base_model"]) == (["me/pairs"], "klue/roberta-base")
    assert data["tags"][-1] == "korean"
    assert data["model-index"][0]["name"] == "Mine"
    assert "\n# Mine\n" in card.text
    assert "\nFor search.\n" in card.text
    assert "| train | [My \\| pairs](https://example.org) | 60 | cc0-1.0 |" in card.text
    assert card.warnings == ()


def test_public_sets_are_known_by_what_they_hold(run: Run) -> None:
    train, dev = (digest for digest, known in SETS.items() if known.name.startswith("KorSTS"))
    part = DataFile("part", 100, "0" * 64, pool=DataFile("/home/me/sts-train.tsv", 5749, train))
    hub = DataFile("hub:me/secret?config=a&split=test", 9, "1" * 64)
    known = changed(
        run, data={"train": part, "dev": DataFile("x.tsv", 1500, dev), "test": hub}, encoder="commit abc"
    )
    known.__dict__["_recipe"] = load_recipe(run.recipe(), model={"encoder": "klue/roberta-base"})
    card = card_of(known)
    data = metadata(card.text)
    assert (data["language"], data["datasets"], data["base_model"]) == (
        ["ko"],
        ["me/secret"],
        ["klue/roberta-base"],
    )
    assert (
        "| train | [KorSTS train](https://github.com/kakaobrain/KorNLUDatasets) | 100 | cc-by-sa-4.0 |"
        in card.text
    )
    assert "| KorSTS dev (dev) | Pearson |" in card.text
    assert "| test | me/secret | 9 | not stated |" in card.text
    assert [each.en[:32] for each in card.warnings] == [
        "the card states no licence: a fi",
        "it was trained on KorSTS train, ",
    ]


def test_hashes_are_those_of_the_files(tmp_path: Path) -> None:
    files = write_practice(tmp_path)
    for split in ("train", "dev"):
        assert SETS[read_pairs(files[split]).sha256].name == f"dalmeum practice set, {split}"
    if not REAL_DATA.is_dir():
        pytest.skip("needs the public sets")
    for file, name in (
        ("korsts/sts-train.tsv", "KorSTS train"),
        ("korsts/sts-dev.tsv", "KorSTS dev"),
        ("stsb-en/stsb-en-train.csv", "STS benchmark train"),
        ("stsb-en/stsb-en-dev.csv", "STS benchmark dev"),
        ("sick/SICK_train.txt", "SICK train"),
        ("sick/SICK_trial.txt", "SICK trial"),
    ):
        assert SETS[read_pairs(REAL_DATA / file).sha256].name == name


@pytest.mark.parametrize("cut", [{"max_train_pairs": 50}, {"folds": 3, "fold": 1, "dev": None}])
def test_a_part_of_a_public_set_is_of_it(run: Run, tmp_path: Path, cut: dict[str, Any]) -> None:
    files = write_practice(tmp_path)
    data = {"train": str(files["train"]), "dev": str(files["dev"]), **cut}
    recipe = load_recipe(data=data, model={"encoder": "x"})
    cut_run = changed(run, data=data_files(recipe, read_splits(recipe)))
    cut_run.__dict__["_recipe"] = recipe
    assert [known and known.name for known in (known_set(cut_run, "train"), known_set(cut_run, "dev"))] == [
        "dalmeum practice set, train",
        "dalmeum practice set, dev" if recipe.data.dev else "dalmeum practice set, train",
    ]
    files["train"].write_text("sentence1,sentence2,label\n" + "a,b,1\n" * 60, encoding="utf-8")
    assert known_set(cut_run, "train") is None


def test_no_place_and_no_file_of_this_machine_is_named(run: Run) -> None:
    files = {
        split: dataclasses.replace(file, path=f"/home/me/secret/{split}-customers.csv")
        for split, file in run.record.data.items()
    }
    card = card_of(
        changed(run, data=files, author="Me", recipe={"model": {"encoder": "/home/me/secret/encoder"}})
    )
    for word in ("/home", "secret", "customers", str(run.folder), "Me\n", run.record.machine["platform"]):
        assert word not in card.text


def test_encoders_out_of_packages_are_called_by_their_repository(run: Run) -> None:
    card = card_of(changed(run, {"model": {"encoder": "package:e5"}}, encoder="f" * 64))
    assert metadata(card.text)["base_model"] == [ENCODERS["package:e5"].repo]
    assert "- base encoder: intfloat/multilingual-e5-small (mit)" in card.text
    assert any("carries no licence text" in each.en for each in card.warnings)


def test_verdict_of_its_study(run: Run) -> None:
    assert "None: no study has judged it." in card_of(run).text
    folder = run.folder.parents[1] / "studies" / "half"
    folder.mkdir(parents=True)
    judged = {"verdict": {"outcome": "better"}, "difference": {"value": 0.0123, "low": 0.004, "high": 0.02}}
    study = {
        "metric": "pearson",
        "splits": {"dev": {"arms": {"baseline": {"verdict": None}, "mixture": judged}}},
        "arms": {"baseline": {"runs": ["other"]}, "mixture": {"runs": [run.id]}},
    }
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    told = "In the study `half` its arm `mixture` was judged **better** against the baseline"
    assert f"{told}: pearson +0.0123 (+0.0040 to +0.0200)." in card_of(run).text
    study["arms"] = {"baseline": {"runs": [run.id]}}
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    assert "its arm `baseline` is the baseline, which the others are judged against." in card_of(run).text


def test_korean_says_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    english = card_of(run).text
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    korean = card_of(run).text
    for heading in ("사용법", "점수", "판정", "데이터", "학습", "한계"):
        assert f"\n## {heading}\n" in korean
    assert metadata(korean) == metadata(english)
    assert korean.count("```python") == english.count("```python") == 2


def test_kinds_that_only_dalmeum_reads(run: Run, offline_model: Path) -> None:
    offline = load_scorer(offline_model)
    text = model_card(run, offline, REPO, CardFile()).text
    assert "`model_type` `dalmeum-offline`" in text
    assert "pip install 'dalmeum[korean]'" in text
    assert "sentence_transformers import" not in text
    assert metadata(text)["library_name"] == "dalmeum"
    parts = {name: load_scorer(run.model, "float32") for name in ("one", "other")}
    text = model_card(run, ensemble_of(parts, (0.0, 5.0), None), REPO, CardFile()).text
    assert "These are 2 models that answer together" in text
    own: PairScorer = dataclasses.replace(offline, own_kind="mine:Kind")
    assert (
        "its author's own code, `mine:Kind`, which is not part of it"
        in model_card(run, own, REPO, CardFile()).text
    )


def test_a_file_of_the_author_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text("license: mit\nlanguages: [ko]\ndata: {train: {license: mit}}\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        CardFile.read(path)
    lines = str(error.value).splitlines()
    assert len(lines) == 2
    assert "languages" in lines[0] + lines[1]
    assert "data.train.name" in lines[0] + lines[1]
    path.write_text("license: mit\nlanguage: [ko]\n", encoding="utf-8")
    assert CardFile.read(path).language == ("ko",)
