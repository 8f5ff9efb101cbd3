"""An ensemble: several pair scorers that answer as one, a weighted sum of what each says."""

import contextlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from transformers import PretrainedConfig
from transformers.utils.generic import ModelOutput

from dalmeum.models.encoding import LIBRARIES, PairEncoding, apart, forget
from dalmeum.models.fields import Fields
from dalmeum.models.members import member_hash
from dalmeum.models.pretrained import SETTINGS

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer


class EnsembleConfig(PretrainedConfig):
    """The number of tasks, and what `PairScorer` puts beside it."""

    model_type = "dalmeum-ensemble"


class Ensemble(nn.Module):
    """Logits from members: `intercept` and the sum of each one's similarity by its weight; of the binary task
    the mean of their probabilities, as a logit.

    Until it is fitted the similarity is the members' mean. Each member computes in its own precision.
    """

    on_label_scale = True
    """Its members each begin where they would alone."""

    base_model_prefix = "networks"

    def __init__(self, members: Mapping[str, "PairScorer"]) -> None:
        super().__init__()
        self.members = dict(members)
        self.networks = nn.ModuleList(member.model for member in members.values())
        self.weights = dict.fromkeys(members, 1 / len(members))
        self.intercept = 0.0
        tasks = ("similarity", "binary")[: min(member.columns for member in members.values())]
        self.config: Any = EnsembleConfig(id2label=dict(enumerate(tasks)))

    @property
    def device(self) -> torch.device:
        return next(iter(self.members.values())).model.device

    def forward(self, **features: Tensor) -> ModelOutput:
        """`features` of n pairs, each member's under `NAME.KEY`."""
        similarity: Tensor | float = self.intercept
        binary = []
        for name, member in self.members.items():
            own = {
                key.removeprefix(f"{name}."): value
                for key, value in features.items()
                if key.startswith(f"{name}.")
            }
            short = member.precision != torch.float32
            with torch.autocast(self.device.type, enabled=short, dtype=member.precision if short else None):
                logits = member.model(**own).logits.float()
            low, high = member.label_range
            answer = low + (high - low) * logits[:, 0].sigmoid() if member.sigmoid else logits[:, 0]
            similarity = similarity + self.weights[name] * answer
            binary.append(logits[:, 1:])
        columns = torch.stack(binary)
        similar, other = (logsigmoid(each).logsumexp(0) for each in (columns, -columns))
        return ModelOutput(logits=torch.cat([torch.as_tensor(similarity)[:, None], similar - other], dim=1))

    def put(self, weights: Mapping[str, float], intercept: float) -> None:
        """Make the similarity `intercept` and the sum of the members' similarities by these weights."""
        self.weights, self.intercept = dict(weights), intercept

    def fold_affine(self, slope: float, intercept: float) -> None:
        """Make the similarity p answer `slope * p + intercept`."""
        weights = {name: slope * weight for name, weight in self.weights.items()}
        self.put(weights, slope * self.intercept + intercept)

    def with_precision(self, precision: str) -> "Ensemble":
        """The same ensemble, its members computing in another type."""
        other = Ensemble({name: member.with_precision(precision) for name, member in self.members.items()})
        other.weights, other.intercept, other.config = self.weights, self.intercept, self.config
        return other

    def save_pretrained(self, folder: str | Path) -> None:
        """Write each member into a folder of its name, and `dalmeum.json` beside them."""
        for name, member in self.members.items():
            member.save(Path(folder) / name)
        hashes = {name: member_hash(Path(folder) / name) for name in self.members}
        settings = {
            **self.config.dalmeum,
            "members": self.weights,
            "intercept": self.intercept,
            "sha256": hashes,
        }
        (Path(folder) / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")

    def load_weights(self, settings: Fields) -> None:
        """Take what `save_pretrained` wrote."""
        weights = settings.section("members")
        self.put({name: weights.number(name) for name in self.members}, settings.number("intercept"))


class EnsembleEncoding:
    """What each member makes of a pair, one beside the other."""

    def __init__(self, members: Mapping[str, PairEncoding]) -> None:
        self.members = dict(members)

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[tuple[Any, ...]]:
        return list(zip(*(each.encode(sentence1, sentence2) for each in self.members.values()), strict=True))

    def lengths(self, items: Sequence[tuple[Any, ...]]) -> list[int]:
        """Of all members together."""
        members = zip(self.members.values(), zip(*items, strict=True), strict=False)
        lengths = [member.lengths(own) for member, own in members]
        return [sum(each) for each in zip(*lengths, strict=True)]

    def collate(self, items: Sequence[tuple[Any, ...]]) -> dict[str, Tensor]:
        return {
            f"{name}.{key}": tensor
            for (name, member), own in zip(self.members.items(), zip(*items, strict=True), strict=True)
            for key, tensor in member.collate(own).items()
        }

    @property
    def packages(self) -> tuple[str, ...]:
        """Of all members."""
        named = (getattr(each, "packages", LIBRARIES) for each in self.members.values())
        return tuple(dict.fromkeys(itertools.chain.from_iterable(named)))

    def forget(self) -> None:
        for member in self.members.values():
            forget(member)

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for member in self.members.values():
                stack.enter_context(apart(member))
            yield

    def save_pretrained(self, folder: str | Path) -> None:
        """Nothing: each member writes its own."""
