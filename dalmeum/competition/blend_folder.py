"""A blend as a run's folder: its model, predictions, scores and page."""

import contextlib
import datetime
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dalmeum.author import author
from dalmeum.comparison import Pairs
from dalmeum.competition.blend import OTHER, SPLIT, Blend
from dalmeum.competition.members import BLEND, MEMBER
from dalmeum.data import PairTable, Predictions
from dalmeum.data.splits import PairReader, Split, binary_threshold, read_splits
from dalmeum.errors import DalmeumError, InputError
from dalmeum.files import write_json, write_text
from dalmeum.languages import Text
from dalmeum.machine import machine, versions
from dalmeum.models.golden import write_blended_golden
from dalmeum.models.members import member_hash
from dalmeum.models.pretrained import SETTINGS
from dalmeum.pages.blend import blend_lines
from dalmeum.recipe import Recipe
from dalmeum.runs.folder import PACKAGES, Run, open_run
from dalmeum.runs.predictions import read_predictions, write_predictions, write_submission
from dalmeum.runs.record import RunRecord
from dalmeum.runs.report import evaluated_split, write_report

ANYWAY = Text(
    "; --anyway writes the blend, in Python anyway=True",
    ". 그래도 만들려면 --anyway를 붙이세요(파이썬에서는 anyway=True)",
)


@dataclass(frozen=True)
class Blended:
    """A blend, and the run that it was written as."""

    blend: Blend
    run: Run

    def __str__(self) -> str:
        return "\n".join(blend_lines(self.blend.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        return {"run": self.run.id, "folder": str(self.run.folder), "metrics": self.run.metrics()}


def write_blend(
    blend: Blend, name: str, output: Path, *, anyway: bool = False, self_contained: bool = False
) -> Blended:
    """Write a blend as the run `name` under `output`: whole, or not at all.

    Its model is an ensemble of the members' models, linked where the disk can do that, else copied. Its dev
    predictions are those by weights that were fitted on other pairs. Its recipe is that of the member with
    the largest share, which tells data and label range; no recipe is ever taken for finished by it.

    Raises `InputError` where the place is taken, or can't be written; `DalmeumError` where no gain is shown
    and nobody wants it `anyway`.
    """
    folder = output / name
    if folder.exists():
        raise InputError(f"{folder}: is there already: give the blend another name")
    if not blend.gains and not anyway:
        raise DalmeumError(str(blend.refusal()) + str(ANYWAY))
    half_written = output / f".{name}.tmp"
    shutil.rmtree(half_written, ignore_errors=True)
    try:
        half_written.mkdir()
        _write(blend, Run(half_written, _record(blend, name)), self_contained)
        half_written.rename(folder)
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(half_written, ignore_errors=True)
    return Blended(blend, open_run(folder))


def _record(blend: Blend, name: str) -> RunRecord:
    first = blend.members[0].run.record
    now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    known = json.dumps(blend.to_dict(), sort_keys=True).encode("utf-8", "surrogatepass")
    return RunRecord(
        id=name,
        state="finished",
        created=now,
        finished=now,
        recipe=name,
        data=first.data,
        versions=versions(PACKAGES),
        machine=machine(),
        # Like no recipe's, so that none is taken for finished by a blend.
        encoder=f"blend {hashlib.sha256(known).hexdigest()}",
        training_version=first.training_version,
        out_of_fold=blend.out_of_fold,
        author=author(),
        warnings=blend.warnings,
        code={name: digest for member in blend.members for name, digest in member.run.record.code.items()},
    )


def _write(blend: Blend, run: Run, self_contained: bool) -> None:
    heaviest = max(blend.members, key=lambda member: member.share).run
    question = " + ".join(f"{member.weight:.3g} {member.run.id}" for member in blend.members)
    recipe = heaviest.recipe().model_copy(update={"question": f"{blend.method}: {question}"})
    write_text(run.folder / "recipe.yaml", recipe.to_yaml())
    write_json(run.folder / BLEND, blend.to_dict())
    tables = _tables(recipe, blend)
    _write_model(blend, recipe, tables, run.model)
    threshold = binary_threshold(recipe, tables["train"]) if "train" in tables else None
    predictions = {SPLIT: Predictions(blend.predictions), **_elsewhere(blend, tables)}
    evaluations = {}
    (run.folder / "predictions").mkdir()
    run.write_history([])
    for split, found in predictions.items():
        write_predictions(run.predictions(split), tables[split], found)
        if tables[split].label is None:
            write_submission(run.submission, tables[split], found)
        else:
            evaluations[split] = evaluated_split(run, split, tables[split], found, threshold)
    run.write_metrics({split: evaluation.to_dict() for split, evaluation in evaluations.items()})
    written = run.update()
    if "train" in tables:
        write_report(written, tables, predictions, evaluations, self_contained=self_contained)


def _tables(recipe: Recipe, blend: Blend) -> dict[Split, PairTable]:
    """The pairs of the members' files; of dev ids and labels alone where its file is no more what it was."""
    tables: dict[Split, PairTable] = {}
    with contextlib.suppress(DalmeumError):
        tables = dict(read_splits(recipe, PairReader()))
    found = tables.get(SPLIT)
    if found is None or found.label is None or not blend.pairs.are(Pairs(found.id, found.label)):
        tables = {SPLIT: _without_sentences(blend.pairs)}
    return tables


def _without_sentences(pairs: Pairs) -> PairTable:
    nothing = ("",) * len(pairs.ids)
    return PairTable(pairs.ids, nothing, nothing, nothing, pairs.labels, name=pairs.name)


def _elsewhere(blend: Blend, tables: Mapping[Split, PairTable]) -> dict[Split, Predictions]:
    """What the blend says of the test pairs, where all members have predicted the same ones."""
    if OTHER not in tables:
        return {}
    ids, rows = tables[OTHER].id, []
    for member in blend.members:
        try:
            scored = read_predictions(member.run.predictions(OTHER))
        except InputError:
            return {}
        if scored.ids != ids:
            return {}
        rows.append(scored.predictions.similarity)
    return {OTHER: Predictions(blend.weights.of(np.stack(rows)))}


def _write_model(blend: Blend, recipe: Recipe, tables: Mapping[Split, PairTable], folder: Path) -> None:
    """An ensemble's folder, of the members' as they are."""
    names = [f"{MEMBER}{number}" for number, _ in enumerate(blend.members, 1)]
    for name, member in zip(names, blend.members, strict=True):
        shutil.copytree(member.run.model, folder / name, copy_function=_link)
    weights = {name: member.weight for name, member in zip(names, blend.members, strict=True)}
    settings = {
        "label_range": list(recipe.data.label_range),
        "sigmoid": False,
        "binary_threshold": binary_threshold(recipe, tables["train"]) if "train" in tables else None,
        "members": weights,
        "intercept": blend.weights.intercept,
        "sha256": {name: member_hash(folder / name) for name in names},
    }
    write_json(folder / SETTINGS, settings)
    write_blended_golden(folder, weights, blend.weights.intercept)


def _link(source: str, target: str) -> None:
    """The same file under another name; a copy where the disk knows no such thing, or it is another disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
