# %% [markdown]
# # Is a loss of your own better than the mixture?
#
# A loss is a function of predictions and labels. A study trains the baseline and the arm with the
# same seeds and says whether they differ, by how much, and how sure that is.

# %%
import sys
from pathlib import Path

import dalmeum
from dalmeum.data.practice import practice_tables

Path("own_losses.py").write_text('''
"""A loss that weighs pairs in the middle of the scale more."""

import torch


def middle(predictions, labels, width=1.5):
    """Squared error, weighed by a bell around 2.5: float32 (n,) and float64 (n,) in, a scalar out."""
    weights = torch.exp(-(((labels - 2.5) / width) ** 2))
    return (weights * (predictions - labels) ** 2).sum() / weights.sum()
''')

# %% [markdown]
# The module must be on the Python path, where the processes that train find it, too. `python` itself
# puts a script's own folder there; a notebook adds the folder that it works in.

# %%
sys.path.append(str(Path.cwd()))

# %%
tables = practice_tables()
pairs = {
    split: list(zip(table.sentence1, table.sentence2, table.label, strict=True))
    for split, table in tables.items()
    if split != "test"
}
findings = dalmeum.study(
    question="Does a loss that looks at the middle of the scale beat the mixture?",
    baseline={
        "data": {"train": pairs["train"][:400], "dev": pairs["dev"]},
        "model": {"kind": "offline"},
        "training": {"epochs": 1, "learning_rate": 1e-3, "effective_batch_size": 64},
    },
    arms={"middle": {"loss.name": "own_losses:middle", "loss.arguments": {"width": 1.0}}},
    seeds=[1, 2],
    name="middle",
)
print(findings)

# %% [markdown]
# `studies/middle/study.html` is the page; `findings.to_dict()` is all of it as JSON.

# %%
verdict = findings.judgements[0].arms[1].verdict
print(verdict.outcome)
