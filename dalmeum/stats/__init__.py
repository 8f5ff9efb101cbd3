"""Scores, their intervals and what may be concluded from them, on NumPy and SciPy alone."""

from dalmeum.stats.advice import Advice, advice, pairs_needed, seeds_needed
from dalmeum.stats.arms import SeedDifference, judged_together, seed_by_pair, seeds_by_pair
from dalmeum.stats.board import ShakeUp, best_two, shake_up
from dalmeum.stats.correlations import (
    CorrelationComparison,
    SignificanceTest,
    compare_correlations,
    steiger,
    williams,
    zou,
)
from dalmeum.stats.detectable import (
    power,
    smallest_detectable_difference,
    smallest_detectable_effect,
    study_power,
)
from dalmeum.stats.difference_spread import DifferenceSpread
from dalmeum.stats.doors import difference, differences_to, score, score_each
from dalmeum.stats.gaps import gap, gap_difference, gap_over_training_sets
from dalmeum.stats.intervals import Difference, Estimate, Score, bca, bca_each, fisher, json_number
from dalmeum.stats.looks import Look, levels_of_looks
from dalmeum.stats.metrics import (
    METRICS,
    Metric,
    f1,
    mae,
    metric_named,
    of_columns,
    pearson,
    rmse,
    spearman,
    try_metric,
)
from dalmeum.stats.optimism import Optimism, luck_of_best, optimism_of_both_choices, optimism_of_choice
from dalmeum.stats.paired import paired_difference
from dalmeum.stats.planning import (
    chance_at_last_look,
    chance_of_no_difference,
    chance_to_find,
    likely,
    smallest_effect_found,
)
from dalmeum.stats.ranks import Ranking, rank_models
from dalmeum.stats.reliability import LabelReliability, label_reliability
from dalmeum.stats.scale import Linearity, isotonic_curve, linearity
from dalmeum.stats.seeds import SeedMean, mean_over_seeds
from dalmeum.stats.spread import SeedSpread, paired_spreads, seed_spreads
from dalmeum.stats.steps import plateau, steps_to_plateau, steps_to_reach
from dalmeum.stats.student import t_interval
from dalmeum.stats.training_sets import TrainingSets
from dalmeum.stats.unexplained import least_squares, relative_squared_error
from dalmeum.stats.verdicts import Outcome, Verdict, holm, verdict, verdicts

__all__ = [
    "METRICS",
    "Advice",
    "CorrelationComparison",
    "Difference",
    "DifferenceSpread",
    "Estimate",
    "LabelReliability",
    "Linearity",
    "Look",
    "Metric",
    "Optimism",
    "Outcome",
    "Ranking",
    "Score",
    "SeedDifference",
    "SeedMean",
    "SeedSpread",
    "ShakeUp",
    "SignificanceTest",
    "TrainingSets",
    "Verdict",
    "advice",
    "bca",
    "bca_each",
    "best_two",
    "chance_at_last_look",
    "chance_of_no_difference",
    "chance_to_find",
    "compare_correlations",
    "difference",
    "differences_to",
    "f1",
    "fisher",
    "gap",
    "gap_difference",
    "gap_over_training_sets",
    "holm",
    "isotonic_curve",
    "json_number",
    "judged_together",
    "label_reliability",
    "least_squares",
    "levels_of_looks",
    "likely",
    "linearity",
    "luck_of_best",
    "mae",
    "mean_over_seeds",
    "metric_named",
    "of_columns",
    "optimism_of_both_choices",
    "optimism_of_choice",
    "paired_difference",
    "paired_spreads",
    "pairs_needed",
    "pearson",
    "plateau",
    "power",
    "rank_models",
    "relative_squared_error",
    "rmse",
    "score",
    "score_each",
    "seed_by_pair",
    "seed_spreads",
    "seeds_by_pair",
    "seeds_needed",
    "shake_up",
    "smallest_detectable_difference",
    "smallest_detectable_effect",
    "smallest_effect_found",
    "spearman",
    "steiger",
    "steps_to_plateau",
    "steps_to_reach",
    "study_power",
    "t_interval",
    "try_metric",
    "verdict",
    "verdicts",
    "williams",
    "zou",
]
