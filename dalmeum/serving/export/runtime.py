"""An exported model at work, by ONNX Runtime and tokenizers alone, as its `example.py` does it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.models.bi import TokenizedSentences
from dalmeum.models.scorer import PairScorer
from dalmeum.serving.export.graph import OUTPUT

SETTINGS, TOKENIZER = "export.json", "tokenizer.json"

BATCH = 64
"""Pairs in one call, like lengths together."""


@dataclass(frozen=True)
class Settings:
    """What is to be done with two sentences before and after the graph.

    Attributes:
        kind: `cross`, which reads a pair at once, or `bi`, which reads each sentence.
        prompt: stands before each sentence of a `bi`.
        swap: both orders are scored, and the mean is the answer.
        label_range: of the answers, which are not clipped to it.
    """

    kind: str
    label_range: tuple[float, float]
    prompt: str = ""
    swap: bool = False

    @classmethod
    def of(cls, scorer: PairScorer) -> "Settings":
        if not isinstance(scorer.encoding, TokenizedSentences):
            return cls("cross", scorer.label_range, swap=scorer.swap)
        return cls("bi", scorer.label_range, scorer.encoding.prompt, scorer.swap)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def write_tokenizer(scorer: PairScorer, name: str, path: Path) -> None:
    """The tokenizer as one file, with the length at which it cuts and the way in which it pads.

    Raises `InputError` for one that has no such file.
    """
    encoding: Any = scorer.encoding
    tokenizer: Any = encoding.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise InputError(f"{name}: its tokenizer has no tokenizer.json, and can't be exported")
    from tokenizers import Tokenizer

    exported = Tokenizer.from_str(backend.to_str())
    longest: Any = encoding.max_length
    exported.enable_truncation(longest, strategy="longest_first", direction=tokenizer.truncation_side)
    exported.enable_padding(
        direction=tokenizer.padding_side,
        pad_id=tokenizer.pad_token_id,
        pad_type_id=tokenizer.pad_token_type_id,
        pad_token=tokenizer.pad_token,
    )
    exported.save(str(path))


class ExportedScorer:
    """Scores pairs with a graph of an exported folder.

    Raises `MissingExtraError` without ONNX Runtime, `InputError` for a folder that is none.
    """

    def __init__(self, folder: Path, graph: str = "model.onnx", threads: int | None = None) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError(error.name or "onnxruntime", "export") from None
        try:
            values = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            self.settings = Settings(**{**values, "label_range": tuple(values["label_range"])})
            self.tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4
            options.intra_op_num_threads = threads or 0
            self.session = onnxruntime.InferenceSession(str(folder / graph), options)
        except Exception as error:  # the runtime's own, of a file that is missing or damaged, are many
            reason = " ".join(str(error).split())
            raise InputError(f"{folder / graph}: is no exported model: {reason:.200}") from None
        self.inputs = [each.name for each in self.session.get_inputs()]

    def score(self, pairs: Sequence[tuple[str, str]], batch: int = BATCH) -> NDArray[np.float64]:
        """Similarities (n,) on the label scale, not clipped to it."""
        scores = self._scored(pairs, batch)
        if self.settings.swap:
            scores = (scores + self._scored([(two, one) for one, two in pairs], batch)) / 2
        return scores

    def _scored(self, pairs: Sequence[tuple[str, str]], batch: int) -> NDArray[np.float64]:
        order = sorted(range(len(pairs)), key=lambda row: -len(pairs[row][0]) - len(pairs[row][1]))
        scores = np.empty(len(pairs))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            scores[rows] = self.session.run([OUTPUT], self.features([pairs[row] for row in rows]))[0]
        return scores

    def features(self, pairs: Sequence[tuple[str, str]]) -> dict[str, NDArray[np.int64]]:
        """The graph's inputs for a batch."""
        composed = [(normalize("NFC", one), normalize("NFC", two)) for one, two in pairs]
        texts: list[Any] = list(composed)
        if self.settings.kind == "bi":
            texts = [self.settings.prompt + text for pair in composed for text in pair]
        encoded = self.tokenizer.encode_batch(texts)
        columns = {
            "input_ids": [each.ids for each in encoded],
            "attention_mask": [each.attention_mask for each in encoded],
            "token_type_ids": [each.type_ids for each in encoded],
        }
        shape = (len(pairs), 2, -1) if self.settings.kind == "bi" else (len(pairs), -1)
        return {name: np.array(columns[name], np.int64).reshape(shape) for name in self.inputs}
