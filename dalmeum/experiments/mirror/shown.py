"""What of a run is shown in MLflow."""

import contextlib
import datetime
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dalmeum.errors import InputError
from dalmeum.pages.document import self_contained
from dalmeum.runs.folder import Lived, Run
from dalmeum.runs.identity import content_hash, idea_hash
from dalmeum.runs.reuse import decisive
from dalmeum.runs.settings import flat, text_of
from dalmeum.stats import Outcome

RUN, CONTENT, STATE = "dalmeum.run", "dalmeum.content", "dalmeum.state"
AUTHOR = "dalmeum.author"
SHOWN, FILES = "dalmeum.shown", "dalmeum.files"
"""Tags of what is wholly there: hashes of all that is shown, and of its files."""

VERSION = 1
"""Of what is shown. A later one brings all runs anew."""

LONGEST_PARAM, LONGEST_TAG, LONGEST_KEY = 6000, 5000, 250

KEPT = ("recipe.yaml", "run.json", "metrics.json", "history.json", "blend.json", "submission.csv")


@dataclass(frozen=True)
class Verdict:
    """What a study says of the arm that a run is of; no outcome where it has no word on it."""

    study: str
    outcome: Outcome | None


@dataclass(frozen=True)
class Shown:
    """A run as MLflow shows it. `verdict` is None where no study judged it."""

    run: Run
    state: Lived
    verdict: Verdict | None = None

    @classmethod
    def of(cls, run: Run, verdict: Verdict | None = None) -> "Shown":
        return cls(run, run.lived(), verdict)

    @cached_property
    def content(self) -> str:
        """The same for all runs that come to the same. Errors as in `Run.recipe`."""
        return content_hash(self.run)

    @cached_property
    def idea(self) -> str:
        return idea_hash(self.run)

    @property
    def began(self) -> int:
        """In milliseconds since 1970, as MLflow has it."""
        return _milliseconds(self.run.record.created)

    @property
    def ended(self) -> int | None:
        """None where nobody knows."""
        return _milliseconds(self.run.record.finished) if self.run.record.finished else None

    @cached_property
    def params(self) -> dict[str, str]:
        """Of the recipe what decides the result: MLflow lets no param change, and a run of the same content
        that is shown in its place has the same.
        """
        recipe = flat(decisive(self.run.recipe()))
        return {key_of(name): text_of(value)[:LONGEST_PARAM] for name, value in recipe.items()}

    @cached_property
    def tags(self) -> dict[str, str]:
        record, question = self.run.record, self.run.recipe().question
        told = {
            "mlflow.user": record.author,
            "mlflow.source.name": "dalmeum",
            "mlflow.note.content": self._note,
            RUN: self.run.id,
            CONTENT: self.content,
            STATE: self.state,
            "dalmeum.idea": self.idea,
            AUTHOR: record.author,
            "dalmeum.question": question,
            "dalmeum.study": self.verdict.study if self.verdict else record.parent_study,
            "dalmeum.verdict": self.verdict.outcome if self.verdict else None,
            "dalmeum.error": record.error,
            "dalmeum.warnings": "\n".join(each.en for each in record.warnings) or None,
            "dalmeum.encoder": record.encoder,
            "dalmeum.training_version": record.training_version,
            "dalmeum.out_of_fold": record.out_of_fold,
            **{f"dalmeum.data.{split}": file.path for split, file in record.data.items()},
            **{f"dalmeum.sha256.{split}": file.sha256 for split, file in record.data.items()},
            **{f"dalmeum.version.{name}": version for name, version in record.versions.items()},
            **{f"dalmeum.code.{name}": digest for name, digest in record.code.items()},
            **{f"dalmeum.machine.{name}": value for name, value in record.machine.items()},
        }
        # What is not known has an empty tag: another may be there from before.
        known = {key_of(name): "" if value is None else text_of(value) for name, value in told.items()}
        return {name: value[:LONGEST_TAG] for name, value in known.items()}

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Scores by split with the bounds of their intervals, and what the training took."""
        found = {f"training_{name}": value for name, value in (self.run.record.training or {}).items()}
        scores = self.run.metrics() if self.state == "finished" else {}
        for split, by_name in scores.items():
            for name, score in by_name.items():
                found |= {f"{split}_{name}{end}": (score or {}).get(key) for end, key in BOUNDS.items()}
        return {key_of(name): float(value) for name, value in found.items() if type(value) in (int, float)}

    @cached_property
    def curves(self) -> list[tuple[str, int, float]]:
        """Name, step and value, in the log's order; of a run that is not finished there may be none yet."""
        try:
            return [point for entry in self.run.history() for point in points_of(entry)]
        except InputError:
            if self.state == "finished":
                raise
            return []

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The path that each file has in MLflow, and what it holds."""
        for name in KEPT:
            with contextlib.suppress(FileNotFoundError):
                yield name, (self.run.folder / name).read_bytes()
        for split in ("train", "dev", "test"):
            with contextlib.suppress(FileNotFoundError):
                path = self.run.predictions(split)
                yield f"predictions/{path.name}", path.read_bytes()
        if self.run.report.is_file():
            yield self.run.report.name, self_contained(self.run.report).encode("utf-8", "surrogatepass")

    @cached_property
    def files_hash(self) -> str:
        hashes = [[name, hashlib.sha256(content).hexdigest()] for name, content in self.files()]
        return _hash(hashes)

    @cached_property
    def hash(self) -> str:
        """Of all that is shown."""
        said = [VERSION, self.ended, self.params, self.tags, self.metrics, self.curves, self.files_hash]
        return _hash(said)

    @property
    def _note(self) -> str:
        """What MLflow shows as the run's description."""
        question, verdict = self.run.recipe().question, self.verdict
        told = f"{verdict.study}: {(verdict.outcome or 'baseline').replace('_', ' ')}" if verdict else None
        return "\n\n".join(filter(None, (question, told, self.run.record.error)))


BOUNDS = {"": "value", "_low": "low", "_high": "high"}


def points_of(entry: Mapping[str, Any]) -> Iterator[tuple[str, int, float]]:
    """Of an entry of a training's log."""
    for name, value in entry.items():
        if name not in ("step", "epoch") and isinstance(value, int | float):
            yield key_of(f"curves/{name}"), int(entry["step"]), float(value)


def key_of(name: str) -> str:
    """A name as MLflow takes it."""
    parts = re.sub(r"[^\w.\- :/]", "_", name).split("/")
    return "/".join("_" if part in ("", ".", "..") else part for part in parts)[:LONGEST_KEY]


def _milliseconds(moment: str) -> int:
    return round(datetime.datetime.fromisoformat(moment).timestamp() * 1000)


def _hash(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
