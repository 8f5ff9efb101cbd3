"""The kinds of pairs in the practice set, each with the labels that such a pair may get."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dalmeum.data.perturbations import PERTURBATIONS
from dalmeum.data.practice.forms import FORMS, NEGATIONS, load_forms
from dalmeum.data.practice.scenes import Scene

Pair = tuple[str, str]
Draw = Callable[[Sequence[Scene], random.Random], Pair | None]


@dataclass(frozen=True)
class Kind:
    """A kind of pair: `low` and `high` are its labels in tenths, both included; `weight`, how often.

    The ranges of neighbouring kinds overlap, as annotators' scores of such pairs do. `draw` makes a pair
    from scenes of one source, or answers None where the rule it drew does not apply.
    """

    name: str
    low: int
    high: int
    weight: int
    draw: Draw


def _close(scenes: Sequence[Scene], rng: random.Random) -> Pair | None:
    """Half of the time the two that share more words: the base and its first paraphrase."""
    scene = rng.choice(scenes)
    first, second = scene.same[:2] if rng.randrange(2) else rng.sample(scene.same, 2)
    return first, second


def _variant(name: str, base_of_4: int) -> Draw:
    """The variant of that name beside the scene's base (so many times of 4), or beside a paraphrase of it.

    Variants are worded after the base. The less they say the same, the less often they stand beside it, so
    that shared words tell something, as in real data, and not all.
    """

    def draw(scenes: Sequence[Scene], rng: random.Random) -> Pair | None:
        scene = rng.choice(scenes)
        first = scene.base if rng.randrange(4) < base_of_4 else rng.choice(scene.close)
        return first, getattr(scene, name)

    return draw


def _reworded(*names: str) -> Draw:
    """A sentence beside its form by one of these perturbations."""

    def draw(scenes: Sequence[Scene], rng: random.Random) -> Pair | None:
        sentences = rng.choice(scenes).sentences
        forms = [
            (s, load_forms()[s][name]) for s in sentences for name in names if name in load_forms().get(s, ())
        ]
        return rng.choice(forms) if forms else None

    return draw


def _mistyped(*names: str) -> Draw:
    """A sentence beside itself, changed here and now by one of these perturbations, which need no Kiwi."""

    def draw(scenes: Sequence[Scene], rng: random.Random) -> Pair | None:
        sentence = rng.choice(rng.choice(scenes).sentences)
        changed = PERTURBATIONS[rng.choice(names)].apply(sentence, rng)
        return None if changed is None else (sentence, changed)

    return draw


def _unrelated(scenes: Sequence[Scene], rng: random.Random) -> Pair | None:
    first, second = rng.sample(scenes, 2)
    return rng.choice(first.sentences), rng.choice(second.sentences)


KINDS = (
    Kind("unrelated", 0, 5, 1, _unrelated),
    Kind("topic", 6, 16, 3, _variant("topic", 1)),
    Kind("negation", 12, 24, 3, _variant("negation", 1)),
    Kind("negation_by_rule", 12, 24, 1, _reworded(*NEGATIONS)),
    Kind("subject", 16, 28, 3, _variant("subject", 1)),
    Kind("detail", 22, 34, 3, _variant("detail", 2)),
    Kind("number", 24, 34, 1, _mistyped("number")),
    Kind("loose", 30, 40, 2, _variant("loose", 4)),
    Kind("omission", 34, 44, 3, _variant("omission", 4)),
    Kind("close", 42, 50, 4, _close),
    Kind("ending", 44, 50, 1, _reworded(*FORMS["ending"])),
    Kind("politeness", 45, 50, 1, _reworded(*FORMS["politeness"])),
    Kind("typo", 45, 50, 1, _mistyped("typo_neighbour", "typo_doubled", "typo_missing", "misspelling")),
    Kind("particle", 46, 50, 1, _reworded(*FORMS["particle"])),
    Kind("word_order", 46, 50, 1, _reworded(*FORMS["word_order"])),
    Kind("spacing_split", 48, 50, 1, _reworded(*FORMS["spacing"])),
    Kind("spacing_join", 48, 50, 1, _mistyped("spacing_join")),
)
