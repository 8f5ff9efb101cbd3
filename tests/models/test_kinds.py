"""The table of kinds, and a kind from outside the package: trained, saved, and loaded where it is trusted."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dalmeum
from dalmeum import recipe
from dalmeum.data import read_pairs
from dalmeum.errors import InputError
from dalmeum.experiments.train import train
from dalmeum.models.bi import new_bi_encoder
from dalmeum.models.kinds import KINDS, Kind, kind_named, load_scorer, new_scorer
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe, build_recipe

Module = Callable[[str, str], Path]
Write = Callable[..., Path]

OWN_KIND = '''
"""Similarity from two lengths and a shared first letter."""

from pathlib import Path

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class TinyConfig(PretrainedConfig):
    model_type = "own-tiny"


class TinyModel(PreTrainedModel):
    config_class = TinyConfig
    auto_precision = "float32"

    def __init__(self, config):
        super().__init__(config)
        self.classifier = nn.Linear(3, config.num_labels)
        self.post_init()

    def forward(self, features):
        return SequenceClassifierOutput(logits=self.classifier(features))

    def _init_weights(self, module):
        pass


class Letters:
    def encode(self, sentence1, sentence2):
        return [
            [abs(len(a) - len(b)) / 10, float(a[:7] == b[:7]), len({*a.strip('.').split()} & {*b.split()})]
            for a, b in zip(sentence1, sentence2)
        ]

    def lengths(self, items):
        return [1] * len(items)

    def collate(self, items):
        return {"features": torch.tensor(items)}

    def save_pretrained(self, folder):
        (Path(folder) / "letters.txt").write_text("nothing to keep")


class Tiny:
    def new(self, recipe, sentence1, sentence2):
        return TinyModel(TinyConfig(num_labels=1)), Letters()

    def load(self, folder):
        return TinyModel.from_pretrained(folder), Letters()

    def owns(self, folder):
        return (folder / "letters.txt").is_file()
'''


def own_recipe(tmp_path: Path, write_pairs: Write, kind: str = "own_kind:Tiny") -> Recipe:
    return build_recipe(
        {
            "data": {
                "train": str(write_pairs("train.csv", 64)),
                "dev": str(write_pairs("dev.csv", 32, seed=1)),
            },
            "model": {"kind": kind},
            "training": {"epochs": 10, "learning_rate": 0.05, "effective_batch_size": 16},
            "output": str(tmp_path / "runs"),
        },
        "recipe",
    )


def test_the_table_has_what_recipes_may_name() -> None:
    assert tuple(KINDS) == recipe.KIND_NAMES


def test_an_own_kind_is_trained_saved_and_loaded_where_it_is_trusted(
    own_module: Module, tmp_path: Path, write_pairs: Write
) -> None:
    own_module("own_kind", OWN_KIND)
    run = train(own_recipe(tmp_path, write_pairs), "own")
    assert run.record.code.keys() == {"own_kind:Tiny"}
    assert run.metrics()["dev"]["pearson"]["value"] > 0.3
    assert json.loads((run.model / "dalmeum.json").read_text())["kind"] == "own_kind:Tiny"
    for folder in (run.folder, run.model):
        with pytest.raises(InputError) as caught:
            dalmeum.load(folder)
        assert str(caught.value) == (
            f"{run.model}: is a model of own code, own_kind:Tiny, which loading it would run: "
            "pass trust_code=True, or --trust-code, if you trust it"
        )
    scorer = dalmeum.load(run.folder, trust_code=True)
    dev = read_pairs(run.recipe().data.dev or "")
    saved = [float(line.split(",")[2]) for line in run.predictions("dev").read_text().splitlines()[1:]]
    np.testing.assert_allclose(scorer.score(dev.pairs), saved, atol=1e-5)
    scorer.save(tmp_path / "again")
    assert load_scorer(tmp_path / "again", trust_code=True).own_kind == "own_kind:Tiny"
    (run.model / "dalmeum.json").unlink()
    with pytest.raises(InputError, match="own_kind:Tiny, which loading it would run"):
        dalmeum.load(run.folder)


def test_an_own_kind_that_asks_for_the_training_pairs_gets_them_labels_and_all(
    own_module: Module, tmp_path: Path, write_pairs: Write
) -> None:
    old = "def new(self, recipe, sentence1, sentence2):"
    new = (
        "def new(self, recipe, sentence1, sentence2, *, train):\n        assert train.sentence1 == sentence1"
    )
    told = f"{new}\n        (Path(recipe.output).parent / 'labels.txt').write_text(str(train.label.tolist()))"
    own_module("own_kind", OWN_KIND.replace(old, told))
    own = own_recipe(tmp_path, write_pairs)
    table = read_pairs(own.data.train)
    assert table.label is not None
    new_scorer(own, table)
    assert json.loads((tmp_path / "labels.txt").read_text()) == list(table.label)


def test_what_a_network_writes_into_the_settings_is_kept(
    own_module: Module, tmp_path: Path, tiny_encoder: Callable[[str], str]
) -> None:
    own_module(
        "own_wrapped",
        "from dalmeum.models.kinds import BiEncoders\n\nclass Wrapped(BiEncoders):\n    pass\n",
    )
    model, encoding = new_bi_encoder(
        tiny_encoder("bert"), num_labels=2, max_length=64, label_range=(0.0, 5.0)
    )
    scorer = PairScorer(model, encoding, own_kind="own_wrapped:Wrapped")
    scorer.fold(0.9, 0.3)
    scorer.save(tmp_path / "model")
    settings = json.loads((tmp_path / "model" / "dalmeum.json").read_text())
    assert settings["kind"] == "own_wrapped:Wrapped"
    assert settings["similarity"] == {"slope": pytest.approx(4.5), "intercept": pytest.approx(0.3)}
    loaded = load_scorer(tmp_path / "model", "float32", trust_code=True)
    assert loaded.has_binary
    pairs = [("A cat eats.", "A dog runs today."), ("A cat eats.", "A cat eats.")]
    np.testing.assert_allclose(loaded.score(pairs), scorer.score(pairs), atol=1e-5)
    # A cosine of 1, through the folded line.
    assert loaded.score(pairs)[1] == pytest.approx(4.8, abs=1e-4)


def test_a_runs_bi_encoder_without_its_settings_is_no_foreign_one(
    tmp_path: Path, tiny_encoder: Callable[[str], str]
) -> None:
    folder = tmp_path / "model"
    model, encoding = new_bi_encoder(
        tiny_encoder("bert"), num_labels=1, max_length=64, label_range=(0.0, 1.0)
    )
    PairScorer(model, encoding, (0.0, 1.0)).save(folder)
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    assert dalmeum.load(folder).label_range == (0.0, 1.0)
    (folder / "dalmeum.json").unlink()
    (tmp_path / "best").symlink_to(folder)
    for place in (folder, tmp_path / "best"):
        with pytest.raises(InputError, match=r"is a run's model, .* \(dalmeum\.json: label_range, sigmoid, "):
            dalmeum.load(place)
    (tmp_path / "run.json").unlink()
    assert dalmeum.load(folder).label_range == (0.0, 5.0)  # a SentenceTransformer like any other


def test_code_that_is_not_trusted_is_not_imported(own_module: Module, tmp_path: Path) -> None:
    own_module("own_evil", f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    for name, settings in {
        "dalmeum.json": {"kind": "own_evil:Kind"},
        "config.json": {"dalmeum": {"kind": "own_evil:Kind"}},
    }.items():
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(json.dumps(settings), encoding="utf-8")
        with pytest.raises(InputError, match="own_evil:Kind, which loading it would run"):
            load_scorer(folder)
    assert not (tmp_path / "ran").exists()


def test_a_folder_that_its_kind_does_not_know(own_module: Module, tmp_path: Path) -> None:
    own_module("own_kind", OWN_KIND)
    (tmp_path / "dalmeum.json").write_text('{"kind": "own_kind:Tiny"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"holds no model that own_kind:Tiny knows"):
        load_scorer(tmp_path, trust_code=True)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            "class Kind:\n    def new(self): ...",
            "model.kind: own_bad:Kind has no load and no owns: a kind has",
        ),
        ("class Kind:\n    def __init__(self, size): ...", "model.kind: own_bad:Kind can't be made: "),
        ("Kind = 3", "model.kind: own_bad:Kind has no new and no load and no owns"),
        (
            "class Kind:\n    def new(self, *_): return 3\n    load = owns = new",
            "model.kind: own_bad:Kind: new must return a network and its encoding, not 3",
        ),
    ],
)
def test_what_is_no_kind(
    own_module: Module, tmp_path: Path, write_pairs: Write, source: str, problem: str
) -> None:
    own_module("own_bad", source)
    with pytest.raises(InputError) as caught:
        train(own_recipe(tmp_path, write_pairs, "own_bad:Kind"))
    assert str(caught.value).startswith(problem)
    assert not (tmp_path / "runs").exists()


def test_an_object_serves_as_well_as_a_class(own_module: Module, tmp_path: Path, write_pairs: Write) -> None:
    own_module("own_kind", OWN_KIND + "\n\ntiny = Tiny()\n")
    kind: Kind = kind_named("own_kind:tiny")
    assert kind is kind_named("own_kind:tiny")
    recipe = own_recipe(tmp_path, write_pairs, "own_kind:tiny")
    table = read_pairs(recipe.data.train)
    assert table.label is not None
    assert new_scorer(recipe, table).own_kind == "own_kind:tiny"


def test_the_last_row_that_owns_a_folder_loads_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Mine:
        def owns(self, folder: Path) -> bool:
            return True

        def load(self, folder: Path) -> None:
            raise InputError("mine")

    monkeypatch.setitem(KINDS, "mine", Mine())
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"^mine$"):
        load_scorer(tmp_path)
