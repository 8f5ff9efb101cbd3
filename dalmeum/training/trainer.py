"""The small part in which training on Pearson differs from `transformers.Trainer`."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset
from transformers import EarlyStoppingCallback, PrinterCallback, ProgressCallback, TrainingArguments

from dalmeum.errors import DalmeumError, InputError
from dalmeum.models.precision import autocast
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe, TokenBudget
from dalmeum.stats import mae, pearson
from dalmeum.training.batches import MicroBatchSize, PairBatchSampler
from dalmeum.training.callbacks import EpochEnd, IntermediateEvaluations, ReportProgress
from dalmeum.training.checkpoints import damage_told
from dalmeum.training.dev_predictions import DevPredictions, load_dev_predictions, save_dev_predictions
from dalmeum.training.embeddings import SparseEmbeddingGradients
from dalmeum.training.exact import MicroBatch, Passes
from dalmeum.training.objective import Objective
from dalmeum.training.optimizer import parameter_groups
from dalmeum.training.pairs import EncodedPairs, collate_rows
from dalmeum.training.resuming import ResumingTrainer
from dalmeum.training.rise import EpochScores
from dalmeum.training.scopes import make_scope
from dalmeum.training.window import Window

AUTO_TOKENS = 16_384
"""Tokens of a micro-batch by default: of a base-sized encoder about 5 GB of activations in bfloat16."""


class EpochLoader(DataLoader[list[int]]):
    """A loader that hands the epoch on to its batch sampler, as `Trainer` asks loaders to."""

    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)  # type: ignore[union-attr]


class PairTrainer(ResumingTrainer):
    """`Trainer` with pairs encoded beforehand, batches by length, and metrics over the whole dev set.

    Peers average the Pearson of each batch, which is no Pearson of anything.
    """

    def __init__(
        self,
        scorer: PairScorer,
        recipe: Recipe,
        train: EncodedPairs,
        dev: EncodedPairs | None,
        checkpoints: Path,
        before_saving: Callable[[], None] | None = None,
    ) -> None:
        self.scorer = scorer
        self.recipe = recipe
        self.train_pairs = train
        self.dev_pairs = dev
        self.objective: Objective = Objective(recipe)
        self.scope = make_scope(recipe.loss, self.objective, train)
        self.window = Window()
        self.epoch_scores = EpochScores()
        self.dev_predictions: DevPredictions = {}
        steps = math.ceil(len(train) / recipe.training.effective_batch_size)
        reporting = self.reporting = ReportProgress()
        super().__init__(
            model=scorer.model,
            args=training_arguments(recipe, scorer.precision, checkpoints, steps, has_dev=dev is not None),
            train_dataset=train,
            eval_dataset=dev,
            callbacks=[reporting, EpochEnd(self.finish_epoch)],
            before_saving=before_saving,
        )
        if self.args.n_gpu > 1:
            raise InputError(
                f"one process sees {self.args.n_gpu} GPUs: choose one with CUDA_VISIBLE_DEVICES=0, "
                f"or start a process each with torchrun --nproc-per-node {self.args.n_gpu}"
            )
        # Over ranks DDP averages dense gradients, and Apple's mps has no sparse ones.
        sparse = self.args.world_size == 1 and self.args.device.type in {"cpu", "cuda"}
        self.embeddings = SparseEmbeddingGradients(scorer.model) if sparse else None
        for printer in (PrinterCallback, ProgressCallback):
            self.remove_callback(printer)
        if dev is not None:
            self.add_callback(IntermediateEvaluations(steps, recipe.training.evaluations_per_epoch))
        if recipe.training.early_stopping is not None:
            self.add_callback(EarlyStoppingCallback(recipe.training.early_stopping))

    def get_train_dataloader(self) -> DataLoader[list[int]]:
        training = self.recipe.training
        lengths = self.scorer.encoding.lengths(self.train_pairs.items)
        sampler = PairBatchSampler(
            lengths,
            training.effective_batch_size,
            seed=training.one_seed,
            group={"length": lengths, "source": self.train_pairs.sources, "none": None}[training.group_by],
            # A loss of each micro-batch depends on who is in it; one of the whole batch does not.
            sort=training.group_by == "length" or self.recipe.loss.scope != "micro",
            micro_batch_size=micro_batch_size(training.micro_batch_size),
            rank=self.args.process_index,
            world_size=self.args.world_size,
        )
        collate = collate_rows(self.train_pairs, self.scorer.encoding)
        return EpochLoader(self.train_pairs, batch_sampler=sampler, collate_fn=collate)

    def create_optimizer(self, model: nn.Module | None = None) -> Optimizer:
        if self.optimizer is None:
            training = self.recipe.training
            kind, options = self.get_optimizer_cls_and_kwargs(self.args)
            groups = parameter_groups(
                self.scorer.model,
                learning_rate=training.learning_rate,
                weight_decay=training.weight_decay,
                layerwise_decay=training.layerwise_decay,
                decayed=self.get_decay_parameter_names(self.scorer.model),
            )
            self.optimizer = kind(groups, **options)
        return self.optimizer

    def training_step(
        self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        """Add the gradient of an effective batch, cut into micro-batches, over all ranks."""
        model.train()
        micro_batches: list[MicroBatch] = self._prepare_inputs(inputs)["micro_batches"]  # type: ignore[assignment]
        passes = Passes(
            forward=lambda batch: network_outputs(self.scorer.model, batch),
            synchronised_forward=lambda batch: network_outputs(model, batch),
            backward=self.backward,
            device=self.args.device,
            shared_casts=lambda: autocast(self.args.device, self.scorer.precision),
        )
        loss, outputs = self.scope.backward(passes, micro_batches, self.progress)
        if self.embeddings is not None:
            self.embeddings.make_dense()
        if not torch.isfinite(loss):
            raise self.diverged("the loss")
        self.objective.weights.step(self.args.device)
        labels = torch.cat([batch["labels"] for batch in micro_batches])
        self.window.add(loss, outputs.mean(0), labels)
        self.epoch_scores.steps.append((outputs.mean(0), labels))
        return loss.to(self.args.device, torch.float32)

    @property
    def progress(self) -> float:
        """How far training is: 0 at its first step, 1 at its last and after it."""
        return min(self.state.global_step / max(self.state.max_steps - 1, 1), 1.0)

    def backward(self, loss: Tensor) -> None:
        # Inside `shared_casts`: the head's gradients would be cast to a short type as well.
        with torch.autocast(self.args.device.type, enabled=False):
            self.accelerator.backward(loss)

    def finish_epoch(self) -> None:
        """Keep the train Pearson of the epoch that ends."""
        if self.epoch_scores.steps:
            logits, labels = (each.double().cpu().numpy() for each in self.epoch_scores.take())
            self.epoch_scores.pearsons.append(self.metrics(logits, labels)["pearson"])

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add Pearson and MAE of the training pairs since the last log line, apart from the loss.

        And, where there are two, the weights of the tasks as they are now. Losses are those of all steps that
        they are said to be of; the library forgets what was before a resume. Times, which it adds in the end,
        are left out: those of a resumed run say nothing.
        """
        if "train_loss" in logs:
            logs = {"train_loss": self.over_processes(self.window.mean_loss())}
        elif "loss" in logs:
            loss, logits, labels = self.window.take()
            logs["loss"] = self.over_processes(loss)
            metrics = self.metrics(logits.numpy(), labels.numpy())
            logs |= {f"train_{name}": value for name, value in metrics.items()}
            weights = self.objective.weights.at(self.progress)
            if len(weights) > 1:
                logs |= dict(zip(("similarity_weight", "binary_weight"), weights, strict=True))
        super().log(logs, start_time)

    def over_processes(self, value: Tensor) -> float:
        """The mean over all processes."""
        moved = value.to(self.args.device, torch.float32 if self.args.device.type == "mps" else None)
        return float(self.accelerator.reduce(moved, "mean"))

    def evaluate(
        self,
        eval_dataset: Dataset[Any] | dict[str, Dataset[Any]] | str | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        """Loss, Pearson and MAE over the whole dev set at once."""
        assert self.dev_pairs is not None
        pairs = self.dev_pairs
        logits = self.scorer.logits(pairs.items)
        self.dev_predictions[self.state.global_step] = self.scorer.similarity(logits)
        loss = self.objective(torch.from_numpy(logits)[None], pairs.labels, pairs.binary, self.progress)
        values = {"loss": loss.item(), **self.metrics(logits, pairs.labels.double().numpy())}
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in values.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def metrics(self, logits: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, float]:
        predictions = self.scorer.similarity(logits)
        r = pearson(predictions, labels)
        # A model that answers one number has no correlation; as a score to choose by, that is the worst.
        return {"pearson": 0.0 if math.isnan(r) else r, "mae": mae(predictions, labels)}

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        super()._save_optimizer_and_scheduler(output_dir)
        self.window.save(Path(output_dir), self.args.process_index)
        if self.args.should_save:
            self.scope.save(Path(output_dir))
            self.objective.weights.save(Path(output_dir))
            self.epoch_scores.save(Path(output_dir))
            save_dev_predictions(self.dev_predictions, Path(output_dir))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None:
            with damage_told(checkpoint):
                self.scope.load(Path(checkpoint))
                self.objective.weights.load(Path(checkpoint))
                self.epoch_scores.load(Path(checkpoint))
                self.dev_predictions = load_dev_predictions(Path(checkpoint))
                self.window.load(Path(checkpoint), self.args.process_index)

    def _save_rng_state(self, output_dir: str) -> None:
        super()._save_rng_state(output_dir)
        # Next, the first process writes what makes the checkpoint count: it must hold the states of all.
        self.accelerator.wait_for_everyone()

    def _clip_grad_norm(self, model: nn.Module) -> Tensor:
        """Clip as usual; a gradient that is not finite ends the run before it is in the weights."""
        norm: Tensor = super()._clip_grad_norm(model)  # type: ignore[no-untyped-call] # as the library leaves it
        # float16's scaled gradients overflow now and then by design: its scaler skips those steps.
        if not self.args.fp16 and not torch.isfinite(norm):
            raise self.diverged("the gradient")
        return norm

    def diverged(self, what: str) -> DalmeumError:
        return DalmeumError(
            f"step {self.state.global_step + 1}: {what} is not a finite number: lower "
            "training.learning_rate, use training.precision=float32, or look for labels that are no numbers"
        )

    def floating_point_ops(self, inputs: dict[str, Tensor | Any]) -> int:
        """Not counted: the estimate wants token ids, which the offline encoder has none of."""
        return 0


def network_outputs(network: nn.Module, batch: MicroBatch) -> Tensor:
    """Outputs (members, n, tasks) of a micro-batch's n pairs; n may be 0 (`collate_rows`)."""
    output = network(**batch["inputs"])
    members = output.get("member_logits")
    outputs: Tensor = output.logits[None] if members is None else members
    return outputs[:, : len(batch["rows"])]


def micro_batch_size(recipe: int | TokenBudget | Literal["auto"]) -> MicroBatchSize:
    if isinstance(recipe, TokenBudget):
        return MicroBatchSize(tokens=recipe.tokens)
    return MicroBatchSize(tokens=AUTO_TOKENS) if recipe == "auto" else MicroBatchSize(pairs=recipe)


def training_arguments(
    recipe: Recipe, precision: torch.dtype, checkpoints: Path, steps_per_epoch: int, *, has_dev: bool
) -> TrainingArguments:
    training = recipe.training
    return TrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=training.epochs,
        max_steps=training.max_steps or -1,
        per_device_train_batch_size=training.effective_batch_size,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
        lr_scheduler_type="constant_with_warmup" if training.schedule == "constant" else training.schedule,
        # A share of 1 would be read as one step.
        warmup_steps=min(training.warmup, 1 - 1e-9),
        max_grad_norm=training.max_gradient_norm,
        bf16=precision == torch.bfloat16,
        fp16=precision == torch.float16,
        use_cpu=not torch.cuda.is_available() and not torch.backends.mps.is_available(),
        logging_steps=max(1, steps_per_epoch // 10),
        # A loss that is not a number must be seen, not averaged away.
        logging_nan_inf_filter=False,
        eval_strategy="epoch" if has_dev else "no",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=has_dev,
        metric_for_best_model="pearson" if has_dev else None,
        greater_is_better=True if has_dev else None,
        restore_callback_states_from_checkpoint=True,
        seed=training.one_seed,
        remove_unused_columns=False,
        # Buffers never change here; and ranks whose forwards differ in number would wait for each other.
        ddp_broadcast_buffers=False,
        dataloader_pin_memory=False,
        report_to="none",  # what the recipe wants comes as a callback
    )
