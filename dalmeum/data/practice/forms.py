"""Sentences of the practice set in other forms: what the morphological perturbations make of them.

The results are kept in forms.txt (perturbation, sentence, changed sentence; tabs between) and not worked
out anew, because an analysis may differ in a few sentences between processors and versions of Kiwi, and the
practice set must not. After a change of sentences or rules: `python -m dalmeum.data.practice`.
"""

import random
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from dalmeum.data.perturbations import PERTURBATIONS
from dalmeum.data.practice.scenes import SOURCES, load_scenes

FORMS = {
    "particle": ("particle_drop", "particle_swap"),
    "ending": ("ending",),
    "politeness": ("politeness_plain", "politeness_polite", "politeness_formal"),
    "word_order": ("word_order",),
    "spacing": ("spacing_split",),
}
NEGATIONS = ("negation_short", "negation_long")


@cache
def load_forms() -> dict[str, dict[str, str]]:
    """For a sentence, the changed sentence by perturbation; not every sentence has one."""
    forms: dict[str, dict[str, str]] = {}
    text = files(__package__).joinpath("forms.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        name, sentence, changed = line.split("\t")
        forms.setdefault(sentence, {})[name] = changed
    return forms


def derive_forms() -> Iterator[tuple[str, str, str]]:
    """One form that keeps the meaning for each sentence, and a negation for every other one."""
    sentences = [s for source in SOURCES for scene in load_scenes(source) for s in scene.sentences]
    for at, sentence in enumerate(sentences):
        rng = random.Random(sentence)
        families = rng.sample(sorted(FORMS), len(FORMS))
        names = [name for family in families for name in rng.sample(FORMS[family], len(FORMS[family]))]
        yield from _first(names, sentence, rng)
        if at % 2 == 0:
            yield from _first(rng.sample(NEGATIONS, len(NEGATIONS)), sentence, rng)


def _first(names: list[str], sentence: str, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    for name in names:
        changed = PERTURBATIONS[name].apply(sentence, rng)
        if changed is not None:
            yield name, sentence, changed
            return
