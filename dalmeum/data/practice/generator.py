"""The practice set: 1,500 pairs of Korean sentences, synthetic, for practice. It is no benchmark.

Every sentence was written for dalmeum or follows by a rule from one that was. The label of a pair comes
first: each split has a fixed list of labels. For each label a kind of pair is drawn whose range holds it,
then a source, then a pair. A quarter of the pairs that are not about form get a difference in form on top,
so that form alone tells nothing. Scenes belong to one split, so no sentence stands in two.
"""

import random
from functools import cache
from typing import Literal

import numpy as np

from dalmeum.data.perturbations import PERTURBATIONS
from dalmeum.data.practice.forms import NEGATIONS, load_forms
from dalmeum.data.practice.kinds import KINDS, Pair
from dalmeum.data.practice.scenes import SOURCES, Scene, load_scenes
from dalmeum.data.table import PairTable

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")

BINARY_THRESHOLD = 2.5
HIGHEST = 50
"""Labels are counted in tenths here, so that no rounding is involved."""

# Of six scenes in a row, which split gets each.
_SHARES: tuple[Split, ...] = ("train", "train", "train", "train", "dev", "test")
_SEEDS: dict[Split, int] = {"train": 1, "dev": 2, "test": 3}
_ABOUT_MEANING = ("unrelated", "topic", "negation", "subject", "detail", "loose", "omission", "close")
_SLIPS = ("spacing_join", "typo_neighbour", "typo_missing")


def practice_tables() -> dict[Split, PairTable]:
    """The three splits, with labels and binary labels, the test set's too; the same on every machine."""
    return dict(_tables())


@cache
def _tables() -> dict[Split, PairTable]:
    scenes = {source: load_scenes(source) for source in SOURCES}
    return {split: _table(split, _share(scenes, split)) for split in SPLITS}


def _share(scenes: dict[str, list[Scene]], split: Split) -> dict[str, list[Scene]]:
    return {
        source: [scene for at, scene in enumerate(written) if _SHARES[at % len(_SHARES)] == split]
        for source, written in scenes.items()
    }


def _labels(split: Split) -> list[int]:
    """Dev and test are level over the range; nearly four in ten pairs of train are unrelated."""
    if split == "train":
        return [*_level(0, 4, 420), *_level(5, HIGHEST, 680)]
    return _level(0, HIGHEST, 200)


def _level(low: int, high: int, count: int) -> list[int]:
    return [low + at * (high - low + 1) // count for at in range(count)]


def _table(split: Split, scenes: dict[str, list[Scene]]) -> PairTable:
    rng = random.Random(_SEEDS[split])
    labels = _labels(split)
    rng.shuffle(labels)
    seen: set[frozenset[str]] = set()
    rows = []
    for label in labels:
        source, pair = _new_pair(label, scenes, seen, rng)
        seen.add(frozenset(pair))
        rows.append((source, *pair))
    sources, sentences1, sentences2 = zip(*rows, strict=True)
    scores = np.array(labels, dtype=np.float64) / 10
    return PairTable(
        id=tuple(f"practice-{split}-{number:04d}" for number in range(1, len(rows) + 1)),
        source=tuple(f"practice-{source}" for source in sources),
        sentence1=sentences1,
        sentence2=sentences2,
        label=scores,
        binary=(scores >= BINARY_THRESHOLD).astype(np.int64),
        name=f"practice {split}",
    )


def _new_pair(
    label: int, scenes: dict[str, list[Scene]], seen: set[frozenset[str]], rng: random.Random
) -> tuple[str, Pair]:
    kinds = [kind for kind in KINDS if kind.low <= label <= kind.high for _ in range(kind.weight)]
    while True:
        kind = rng.choice(kinds)
        source = rng.choice(SOURCES)
        drawn = kind.draw(scenes[source], rng)
        if drawn is None:
            continue
        first, second = drawn
        if first != second and kind.name in _ABOUT_MEANING and rng.randrange(4) == 0:
            second = _vary_form(second, rng)
        if rng.randrange(2):
            first, second = second, first
        if first != second and frozenset((first, second)) not in seen:
            return source, (first, second)


def _vary_form(sentence: str, rng: random.Random) -> str:
    """The sentence in its other form, with a slip of the hand, or as it is where that does not apply."""
    forms = load_forms().get(sentence, {})
    kept = [changed for name, changed in forms.items() if name not in NEGATIONS]
    if kept and rng.randrange(3):
        return rng.choice(kept)
    return PERTURBATIONS[rng.choice(_SLIPS)].apply(sentence, rng) or sentence
