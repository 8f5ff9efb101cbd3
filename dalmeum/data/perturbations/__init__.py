"""Small, known changes of one Korean sentence: to augment training pairs, and to probe a model.

    >>> PERTURBATIONS["negation_long"].apply("비가 왔다.", random.Random(0))
    '비가 오지 않았다.'

The results are grammatical Korean, apart from spacing and typos, which are errors by intent. Where a rule
can't tell whether its result would be grammatical, it does not apply.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from dalmeum.data.perturbations import negation, numbers, order, particles, politeness, spacing, typos

__all__ = ["PERTURBATIONS", "Perturbation"]


@dataclass(frozen=True)
class Perturbation:
    """One kind of change.

    Attributes:
        name: its key in `PERTURBATIONS`.
        preserves_meaning: whether a reader would still take the sentence to say the same.
        change: the rule itself; may answer the input where nothing is to be changed.
    """

    name: str
    preserves_meaning: bool
    change: Callable[[str, random.Random], str | None]

    def apply(self, sentence: str, rng: random.Random) -> str | None:
        """The changed sentence, or None where the change does not apply; never the sentence unchanged."""
        changed = self.change(sentence, rng)
        return None if changed == sentence else changed


PERTURBATIONS: dict[str, Perturbation] = {
    name: Perturbation(name, preserves_meaning, change)
    for name, preserves_meaning, change in (
        ("spacing", True, spacing.leave_out_a_space),
        ("spacing_join", True, spacing.join_words),
        ("spacing_split", True, spacing.split_word),
        ("particle_drop", True, particles.drop_particle),
        ("particle_swap", True, particles.swap_particle),
        ("ending", True, politeness.change_ending),
        ("politeness_plain", True, politeness.to_plain),
        ("politeness_polite", True, politeness.to_polite),
        ("politeness_formal", True, politeness.to_formal),
        ("typo_neighbour", True, typos.neighbouring_key),
        ("typo_doubled", True, typos.doubled_key),
        ("typo_missing", True, typos.missing_key),
        ("misspelling", True, typos.misspell),
        ("word_order", True, order.scramble),
        ("negation_short", False, negation.negate_short),
        ("negation_long", False, negation.negate_long),
        ("number", False, numbers.change_number),
    )
}
