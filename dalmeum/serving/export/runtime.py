"""An exported model at work, by ONNX Runtime and tokenizers alone, as its `example.py` does it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.models.long_sentences import cut

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

SETTINGS, TOKENIZER = "export.json", "tokenizer.json"

OUTPUT = "score"

BATCH, TOKENS = 64, 2048
"""Pairs, and tokens with their padding, in one call: like lengths together."""

ENCODED_TOGETHER = 8192
"""Pairs that are held as tokens at once."""

ATTRIBUTES = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
"""Of what a tokenizer answers, by the names of a graph's inputs."""

SLOWER = ["SkipLayerNormFusion"]
"""What ONNX Runtime makes of an addition and a layer norm, and takes longer for on processors than for both:
without it, float32 is 1.06 times as fast, and int8 1.14 times.
"""


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
    def of(cls, scorer: "PairScorer") -> "Settings":
        from dalmeum.models.bi import TokenizedSentences  # torch, which what is exported does without

        if not isinstance(scorer.encoding, TokenizedSentences):
            return cls("cross", scorer.label_range, swap=scorer.swap)
        return cls("bi", scorer.label_range, scorer.encoding.prompt, scorer.swap)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def write_tokenizer(scorer: "PairScorer", name: str, path: Path) -> None:
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
            self.session = onnxruntime.InferenceSession(
                str(folder / graph),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=SLOWER,
            )
        except Exception as error:  # the runtime's own, of a file that is missing or damaged, are many
            reason = " ".join(str(error).split())
            raise InputError(f"{folder / graph}: is no exported model: {reason:.200}") from None
        self.inputs = [each.name for each in self.session.get_inputs()]
        padding = self.tokenizer.padding or {}
        self._left = padding.get("direction") == "left"
        self._pads = {
            "input_ids": padding.get("pad_id", 0),
            "attention_mask": 0,
            "token_type_ids": padding.get("pad_type_id", 0),
        }
        self.tokenizer.no_padding()  # pairs are put together by their length first

    @property
    def label_range(self) -> tuple[float, float]:
        return self.settings.label_range

    def score(
        self,
        pairs: Sequence[tuple[str, str]],
        batch: int = BATCH,
        progress: Callable[[int], object] = lambda count: None,
    ) -> NDArray[np.float64]:
        """Similarities (n,) on the label scale, not clipped to it.

        Args:
            batch: pairs in one call, at most.
            progress: is called with the number of pairs done since the last call.
        """
        scores = np.empty(len(pairs))
        for start in range(0, len(pairs), ENCODED_TOGETHER):
            part = pairs[start : start + ENCODED_TOGETHER]
            found = self._scored(part, batch, progress)
            if self.settings.swap:
                turned = [(two, one) for one, two in part]
                found = (found + self._scored(turned, batch, lambda count: None)) / 2
            scores[start : start + len(part)] = found
        return scores

    def _scored(
        self, pairs: Sequence[tuple[str, str]], batch: int, progress: Callable[[int], object]
    ) -> NDArray[np.float64]:
        scores = np.empty(len(pairs))
        for rows, features in self.batches(pairs, batch):
            scores[rows] = self.session.run([OUTPUT], features)[0]
            progress(len(rows))
        return scores

    def batches(
        self, pairs: Sequence[tuple[str, str]], batch: int = BATCH, tokens: int = TOKENS
    ) -> Iterator[tuple[list[int], dict[str, NDArray[np.int64]]]]:
        """The graph's inputs, the longest pairs first, and which pairs they are of."""
        items = self._encoded(pairs)
        lengths = [max(len(text.ids) for text in item) for item in items]
        order = sorted(range(len(items)), key=lambda row: -lengths[row])
        start = 0
        while start < len(order):
            longest = lengths[order[start]]
            fit = tokens // (longest * len(items[0]))
            rows = order[start : start + max(1, min(batch, fit))]
            yield rows, self._features([items[row] for row in rows], longest)
            start += len(rows)

    def _encoded(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """For each pair its one text, or both of a bi-encoder, as numbers."""
        composed = [(normalize("NFC", one), normalize("NFC", two)) for one, two in pairs]
        if self.settings.kind == "cross":
            one, two = (self._cut([pair[side] for pair in composed]) for side in (0, 1))
            return [(each,) for each in self.tokenizer.encode_batch([*zip(one, two, strict=True)])]
        texts = [self.settings.prompt + text for pair in composed for text in pair]
        encoded = iter(self.tokenizer.encode_batch(texts))
        return list(zip(encoded, encoded, strict=True))

    def _cut(self, sentences: list[str]) -> list[str]:
        """Of a sentence that fills the model alone, what is read of it."""
        truncation: Any = self.tokenizer.truncation

        def encode(long: list[str]) -> list[Any]:
            return list(self.tokenizer.encode_batch(long, add_special_tokens=False))

        return cut(sentences, truncation["max_length"], encode, truncation["direction"])

    def _features(self, items: Sequence[tuple[Any, ...]], longest: int) -> dict[str, NDArray[np.int64]]:
        shape = (len(items), longest) if self.settings.kind == "cross" else (len(items), 2, longest)
        features = {}
        for name in self.inputs:
            rows = [getattr(text, ATTRIBUTES[name]) for item in items for text in item]
            values = np.full((len(rows), longest), self._pads[name], np.int64)
            for place, row in zip(values, rows, strict=True):
                place[longest - len(row) if self._left else 0 :][: len(row)] = row
            features[name] = values.reshape(shape)
        return features
