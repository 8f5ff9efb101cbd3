"""A model as an ONNX graph: from a tokenizer's numbers to similarities on the label scale."""

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dalmeum.errors import DalmeumError, InputError, MissingExtraError
from dalmeum.models.bi import BiEncoder, TokenizedSentences
from dalmeum.models.cross import TokenizedPairs
from dalmeum.models.ensemble import Ensemble
from dalmeum.models.quiet import silent_libraries
from dalmeum.models.scorer import PairScorer
from dalmeum.serving.export.runtime import OUTPUT

OPSET = 23
"""The first that knows attention, which ONNX Runtime takes part by part otherwise, and on one core."""

TRACED = (("A cat sleeps on the red mat.", "비가 온다."), ("비가 내린다.", "Two dogs run after the ball."))
"""Pairs that a graph is made with; that their sentences differ in length lets none become a constant."""

PROMPT_LENGTH = "prompt_length"
"""How many tokens of a sentence are its prompt's, which some poolings leave out: the same for all."""


class ScoreGraph(nn.Module):
    """What is exported: integers (n, tokens), of a bi-encoder (n, 2, tokens), to similarities (n,), float32.

    Nothing is clipped, as in `PairScorer.score`.
    """

    def __init__(self, scorer: PairScorer, names: tuple[str, ...], prompt_length: int | None) -> None:
        super().__init__()
        self.network = scorer.model
        self.names, self.prompt_length = names, prompt_length
        self.sigmoid, (self.low, self.high) = scorer.sigmoid, scorer.label_range

    def forward(self, *inputs: Tensor) -> Tensor:
        features = dict(zip(self.names, inputs, strict=True))
        similarity = self._bi(features) if isinstance(self.network, BiEncoder) else self._cross(features)
        if self.sigmoid:
            similarity = self.low + (self.high - self.low) * torch.sigmoid(similarity)
        return similarity

    def _cross(self, features: Mapping[str, Tensor]) -> Tensor:
        # The network's own forward, not the one that cuts batches into pieces of like length.
        found: Any = type(self.network).forward(self.network, **features)  # type: ignore[arg-type]
        logits: Tensor = found.logits
        return logits[:, 0]

    def _bi(self, features: Mapping[str, Tensor]) -> Tensor:
        network = self.network
        assert isinstance(network, BiEncoder)
        flat = {name: value.flatten(0, 1) for name, value in features.items()}
        if self.prompt_length is not None:
            flat[PROMPT_LENGTH] = torch.full_like(flat["input_ids"][:, 0], self.prompt_length)
        embeddings = network.encoder(flat)["sentence_embedding"][:, : network.encoder.truncate_dim]
        first, second = embeddings.unflatten(0, (-1, 2)).unbind(1)
        cosines = nn.functional.cosine_similarity(first, second)
        return network.slope * cosines + network.intercept


def check_exportable(scorer: PairScorer, name: str) -> None:
    """`InputError` for a model that no graph holds the whole of."""
    kind = getattr(scorer.model.config, "model_type", "")
    if isinstance(scorer.model, Ensemble):
        members = ", ".join(scorer.model.members)
        raise InputError(f"{name}: is an ensemble: export its members one by one ({members})")
    if not isinstance(scorer.encoding, TokenizedPairs | TokenizedSentences) or scorer.own_kind is not None:
        what = scorer.own_kind or kind
        raise InputError(
            f"{name}: {what} works out of a sentence what no tokenizer does, and can't be exported: "
            "cross-encoders and bi-encoders can"
        )


def write_graph(scorer: PairScorer, path: Path) -> None:
    """Write the model, its encoder in float32, to an ONNX file, its weights inside; where they take more than
    some 1.5 GB, beside it (`model.onnx.data`).

    Raises `MissingExtraError` without the extra `export`, `DalmeumError` where the model can't be traced.
    """
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(error.name or "onnxscript", "export") from None
    names, batch, prompt_length = _traced(scorer)
    graph = ScoreGraph(scorer, names, prompt_length).eval()
    rows, length = (
        torch.export.Dim("rows", min=1, max=1 << 20),
        torch.export.Dim("length", min=2, max=1 << 16),
    )
    shapes = tuple({0: rows, value.dim() - 1: length} for value in batch)
    try:
        # What the exporter tells on its steps is its own.
        with (
            silent_libraries("torch.onnx"),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            program = torch.onnx.export(
                graph,
                batch,
                dynamo=True,
                input_names=list(names),
                output_names=[OUTPUT],
                dynamic_shapes=(shapes,),
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:  # of as many kinds as there are ways to write a model
        reason = next((line for line in reversed(str(error).splitlines()) if line.strip()), "")
        raise DalmeumError(f"{path.name}: this model can't be exported: {reason.strip():.200}") from error
    assert program is not None
    program.save(str(path), external_data=False)


def _traced(scorer: PairScorer) -> tuple[tuple[str, ...], tuple[Tensor, ...], int | None]:
    """Names and tensors of a batch, and the number of a prompt's tokens, if they are told."""
    batch = dict(scorer.encoding.collate(scorer.encoding.encode(*map(list, zip(*TRACED, strict=True)))))
    prompt = batch.pop(PROMPT_LENGTH, None)
    if isinstance(scorer.model, BiEncoder):
        batch = {name: torch.stack(value.chunk(2), dim=1) for name, value in batch.items()}
    return tuple(batch), tuple(batch.values()), None if prompt is None else int(prompt[0])
