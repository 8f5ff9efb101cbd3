# %% [markdown]
# # Train on a frame
#
# Pairs that are in memory (pandas, Polars, Arrow, a `datasets.Dataset`, lists) become a model. Here
# they are the practice set that dalmeum carries, and the model is the offline encoder: nothing is
# downloaded. For real work put your own frames in place of `train` and `dev`, and `model={"encoder":
# "klue/roberta-base"}`.

# %%
import pandas as pd

import dalmeum
from dalmeum.data.practice import practice_tables


def frame(split: str) -> pd.DataFrame:
    table = practice_tables()[split]
    return pd.DataFrame({"sentence1": table.sentence1, "sentence2": table.sentence2, "score": table.label})


train, dev = frame("train").head(600), frame("dev")
train.head()

# %% [markdown]
# Every key of a recipe can be given; the rest keeps its default. What comes back is the run: a folder
# that holds the model, the predictions, the scores and a page, and the frames themselves.

# %%
run = dalmeum.train(
    data={"train": train, "dev": dev},
    model={"kind": "offline"},
    loss={"name": "mixture", "alpha": 0.1},
    training={"epochs": 2, "learning_rate": 1e-3, "effective_batch_size": 64},
    name="frame",
)
print(run)

# %%
scores = dalmeum.predict(run, [("비가 온다.", "비가 내린다."), ("비가 온다.", "고양이가 잔다.")])
print(scores.round(2))

# %%
evaluation = dalmeum.evaluate(run, dev)
print(evaluation.metrics.pearson)
