"""What runs say of which trained model is better, where there are too few to say it of their recipes."""

from collections.abc import Mapping

from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.judge import HIGHER_IS_BETTER, Judgement, judgement_of
from dalmeum.experiments.study.scored import Array, read_arms
from dalmeum.stats import (
    Difference,
    bca,
    compare_correlations,
    paired_difference,
    verdict_on_models,
    weighted,
)


def judge_models(
    runs: Mapping[str, Run], baseline: str, *, split: str, metric: str, smallest_effect: float
) -> Judgement:
    """Compare single runs with the baseline among them, on a labelled split, by the paired bootstrap.

    The differences in Pearson are `CorrelationComparison`s: Williams, Steiger and Zou stand beside it.

    Raises `InputError` where runs were not scored on the same pairs, or their labels do not vary.
    """
    scored = read_arms({name: [run] for name, run in runs.items()}, split)
    labels = scored[baseline].labels
    predictions = {name: each.predictions[0] for name, each in scored.items()}
    differences = {
        name: _difference(labels, row, predictions[baseline], metric)
        for name, row in predictions.items()
        if name != baseline
    }
    return judgement_of(
        {name: [run.id] for name, run in runs.items()},
        {name: bca(getattr(weighted, metric), labels, row) for name, row in predictions.items()},
        differences,
        lambda difference, p_value: verdict_on_models(
            difference,
            len(labels),
            smallest_effect,
            adjusted_p_value=p_value,
            higher_is_better=HIGHER_IS_BETTER[metric],
        ),
        Judgement(split, metric, smallest_effect, len(labels), ()),
    )


def _difference(labels: Array, first: Array, second: Array, metric: str) -> Difference:
    if metric == "pearson":
        try:
            return compare_correlations(labels, first, second)
        except ValueError:
            pass  # too few pairs, or predictions that do not vary or mirror each other: no test but this one
    return paired_difference(labels, first, second, metric=getattr(weighted, metric))
