"""Models, data and trainers of sentence-transformers, as its users make them."""

from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from sentence_transformers import (
    CrossEncoder,
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from torch import Tensor, nn
from transformers import set_seed

from dalmeum.integrations.sentence_transformers import PairLoss
from tests.conftest import draw_pairs

KINDS = ("cross-encoder", "bi-encoder")
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def load(kind: str, folder: str, **config: Any) -> Any:
    set_seed(0)  # a cross-encoder's head is new
    if kind == "bi-encoder":
        return SentenceTransformer(folder, device="cpu", config_kwargs=config)
    identity = nn.Identity()
    return CrossEncoder(folder, num_labels=1, activation_fn=identity, device="cpu", config_kwargs=config)


def dataset(count: int, *, labels: list[float] | None = None) -> Dataset:
    first, second, drawn = zip(*draw_pairs(count), strict=True)
    scores = labels or [label / 5 for label in drawn]
    return Dataset.from_dict({"sentence1": first, "sentence2": second, "score": scores})


def trainer(model: Any, loss: PairLoss, data: Dataset, folder: Path, **arguments: Any) -> Any:
    make: Any = SentenceTransformerTrainer
    make_arguments: Any = SentenceTransformerTrainingArguments
    if isinstance(model, CrossEncoder):
        make, make_arguments = CrossEncoderTrainer, CrossEncoderTrainingArguments
    options = {
        "learning_rate": 1e-4,
        "lr_scheduler_type": "constant",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        **arguments,
    }
    return make(
        model=model,
        args=make_arguments(output_dir=str(folder), **options),
        train_dataset=data,
        eval_dataset=data,
        loss=loss,
    )


def fresh(inputs: list[Any]) -> list[Any]:
    """Features as they come from a loader: models add their outputs to the dicts that they are given."""
    return [dict(column) if isinstance(column, dict) else column for column in inputs]


def weights(model: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten().clone() for parameter in model.parameters()])
