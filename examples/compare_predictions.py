# %% [markdown]
# # Compare predictions that other tools made
#
# Labels and predictions are all that a verdict takes: arrays, from whatever trained the models. A row
# a seed where there are several, so that luck with a seed is not taken for an idea.

# %%
import numpy as np
from scipy.stats import kendalltau

import dalmeum
from dalmeum.stats import METRICS, Metric

generator = np.random.default_rng(0)
labels = generator.uniform(0, 5, 500).round(1)
hard = generator.normal(0, 0.8, 500)  # what is hard in these pairs is hard for every model


def predictions(noise: float, seeds: int = 4) -> np.ndarray:
    """Stands for `np.stack([np.loadtxt(f"seed-{seed}.txt") for seed in seeds])`."""
    return labels + hard + generator.normal(0, noise, (seeds, 500))


# %%
arms = dalmeum.Arms(
    labels,
    {"baseline": predictions(0.50), "more dropout": predictions(0.45), "larger": predictions(0.20)},
    seeds=[1, 2, 3, 4],
)
findings = dalmeum.compare(arms, smallest_effect=0.005)
print(findings)

# %% [markdown]
# A metric of your own is a row of the table of metrics; any function of labels and predictions will
# do.

# %%
METRICS["kendall"] = Metric(
    lambda labels, predictions: kendalltau(labels, predictions).statistic, title="Kendall's tau"
)
single = dalmeum.Arms(labels, {arm.name: arm.predictions["test"][0] for arm in arms.arms})
print(dalmeum.compare(single, metric="kendall"))
