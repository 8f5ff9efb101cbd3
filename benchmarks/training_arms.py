"""What `training.py` times: dalmeum's training, and sentence-transformers' trainers for either kind of model.

Both from pairs in memory to trained weights: tokenising, setting up, and the training loop.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from flops import peak_flops, training_flops
from numpy.typing import NDArray
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from dalmeum.data import PairTable
from dalmeum.models.kinds import new_scorer
from dalmeum.models.precision import default_device, resolve_precision
from dalmeum.models.pretrained import locate_encoder
from dalmeum.recipe import build_recipe
from dalmeum.training.fit import fit
from dalmeum.training.pairs import encode_pairs

MAX_LENGTH = 128

Score = Callable[[Sequence[tuple[str, str]]], NDArray[np.float64]]


@dataclass
class Watch(TrainerCallback):
    """Wall and processor time in seconds, from when it was made to the end of training."""

    begun: tuple[float, float] = field(default_factory=lambda: (time.perf_counter(), time.process_time()))
    seconds: float = 0.0
    processor_seconds: float = 0.0

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.seconds = time.perf_counter() - self.begun[0]
        self.processor_seconds = time.process_time() - self.begun[1]


def train_dalmeum(options: argparse.Namespace, train: PairTable, folder: str) -> tuple[Watch, Score]:
    """By the mixture loss, at a recipe's defaults but for what both sides are given."""
    recipe = build_recipe(
        {
            "data": {"train": options.train},
            "model": {"kind": options.kind, "encoder": options.encoder, "max_length": MAX_LENGTH},
            "loss": {"name": "mixture", "alpha": 0.1},
            "training": {
                "epochs": options.epochs,
                "effective_batch_size": options.batch_size,
                "learning_rate": options.learning_rate,
                "precision": options.precision,
                "seed": options.seed,
            },
        },
        "benchmark",
    )
    scorer = new_scorer(recipe, train)
    watch = Watch()
    fit(scorer, recipe, encode_pairs(scorer, train, None), None, Path(folder), [watch])
    return watch, scorer.score


def train_peer(options: argparse.Namespace, train: PairTable, folder: str) -> tuple[Watch, Score]:
    """By binary cross-entropy, or a bi-encoder by the squared error of its cosine."""
    from datasets import Dataset

    assert train.label is not None
    columns = {"sentence1": train.sentence1, "sentence2": train.sentence2, "label": train.label / 5}
    model, trainer_class, more, score = (_cross_peer if options.kind == "cross" else _bi_peer)(options)
    trainer = trainer_class(
        model=model,
        args=_peer_arguments(options, folder),
        train_dataset=Dataset.from_dict(columns),
        **more,
    )
    watch = Watch()
    trainer.add_callback(watch)
    trainer.train()
    return watch, score


def _cross_peer(options: argparse.Namespace) -> tuple[Any, Any, dict[str, Any], Score]:
    from sentence_transformers import CrossEncoder, CrossEncoderTrainer

    name, device = locate_encoder(options.encoder), str(default_device())
    model = CrossEncoder(name, num_labels=1, max_length=MAX_LENGTH, device=device)

    def score(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        return np.asarray(model.predict(list(pairs), show_progress_bar=False), dtype=np.float64)

    return model, CrossEncoderTrainer, {}, score


def _bi_peer(options: argparse.Namespace) -> tuple[Any, Any, dict[str, Any], Score]:
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
    from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss
    from sentence_transformers.util import pairwise_cos_sim

    model = SentenceTransformer(locate_encoder(options.encoder), device=str(default_device()))
    model.max_seq_length = MAX_LENGTH

    def score(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        first, second = (
            model.encode(list(side), convert_to_tensor=True) for side in zip(*pairs, strict=True)
        )
        cosines: NDArray[np.float64] = pairwise_cos_sim(first, second).double().cpu().numpy()
        return cosines

    # The loss that its trainer takes by itself wants pairs that are alike, not labels.
    return model, SentenceTransformerTrainer, {"loss": CosineSimilarityLoss(model)}, score


def _peer_arguments(options: argparse.Namespace, folder: str) -> Any:
    from sentence_transformers import CrossEncoderTrainingArguments, SentenceTransformerTrainingArguments

    device = default_device()
    tuned = options.arm == "peer_tuned"
    arguments: Any = (
        CrossEncoderTrainingArguments if options.kind == "cross" else SentenceTransformerTrainingArguments
    )
    return arguments(
        output_dir=folder,
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        warmup_steps=0.1,
        seed=options.seed,
        bf16=tuned and str(resolve_precision(options.precision, device)) == "torch.bfloat16",
        use_cpu=device.type == "cpu",
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


def share_of_peak(options: argparse.Namespace, train: PairTable, seconds: float) -> float | None:
    """Of a known GPU's bfloat16 operations, the share that a cross-encoder's arithmetic took."""
    from dalmeum.models.cross import new_cross_encoder

    peak = peak_flops()
    if peak is None or options.kind != "cross":
        return None
    model, encoding = new_cross_encoder(options.encoder, num_labels=1, max_length=MAX_LENGTH, seed=0)
    lengths = encoding.lengths(encoding.encode(train.sentence1, train.sentence2))
    flops: float = options.epochs * training_flops(model, lengths)
    return flops / seconds / peak
