"""dalmeum reproduce: a submission's file made again from its manifest, and held against the one at hand."""

import csv
import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dalmeum.competition.manifest import ENDING, Manifest, MemberRecord, read_manifest
from dalmeum.competition.members import answers
from dalmeum.competition.reproduction import Rebuilt, Reproduction
from dalmeum.competition.submit import Sample, content_of
from dalmeum.data import read_pairs
from dalmeum.data.readers.hub import PREFIX as HUB_PREFIX
from dalmeum.data.splits import PairReader, read_splits
from dalmeum.errors import InputError
from dalmeum.files import check_output, check_writable, write_bytes
from dalmeum.languages import Text
from dalmeum.models.pretrained import is_model_folder
from dalmeum.progress import tell
from dalmeum.recipe import Recipe, build_recipe, own_code
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.data import data_files
from dalmeum.runs.folder import Run
from dalmeum.runs.identity import content_hash
from dalmeum.runs.record import DataFile
from dalmeum.runs.reuse import runs_in

TRAINING = Text(
    "{member}: its weights are gone, and no run here is the same: trained anew",
    "{member}: 가중치가 없고 같은 실행도 없어 다시 학습합니다",
)


def reproduce(
    manifest_file: Path,
    out: Path | None = None,
    *,
    output: Path = Path("runs"),
    trust_code: bool = False,
) -> Reproduction:
    """Make a submission's file again, with the models where they lie, and train those that are gone.

    Nothing that differs is written over. Without `out` the file beside the manifest is compared; where it is
    gone it is put back, if what was made is the same.

    Args:
        out: a new file, to be written in any case.
        output: where models are looked for, beside where they lay, and trained.
        trust_code: whether own code that the manifest names is run.

    Raises:
        InputError: no manifest, own code without `trust_code`, data that changed, a place that is taken.
    """
    manifest = read_manifest(manifest_file)
    if manifest.own_code and not trust_code:
        named = ", ".join(manifest.own_code)
        raise InputError(
            f"{manifest_file}: names code of its author's own ({named}): read it, then add --trust-code"
        )
    beside = manifest_file.with_name(manifest_file.name.removesuffix(ENDING))
    if beside == manifest_file:
        beside = manifest_file.with_name(manifest.file)
    if out is not None:
        if out.exists():  # before work whose outcome there would be no place for
            raise InputError(f"{out}: is there already, and is not written over: name a new file with -o")
        check_output(out, [manifest_file])
        check_writable(out)
    test, order = _unchanged(manifest, manifest_file.parent)
    plans = [_planned(each, manifest_file.parent, output) for each in manifest.members]
    members = tuple(_rebuilt(each, plan, output) for each, plan in zip(manifest.members, plans, strict=True))
    weighted = [(member.model, kept.weight) for member, kept in zip(members, manifest.members, strict=True)]
    table, similarity = answers(
        weighted,
        manifest.intercept,
        test,
        precision=manifest.precision,
        trust_code=trust_code,
        **manifest.reading,
    )
    content = content_of(table, similarity, order)
    return _compared(manifest_file, manifest, members, content, beside, out)


def _unchanged(manifest: Manifest, folder: Path) -> tuple[str, Sample | None]:
    """The test file and the sample, where they are what they were."""
    test = _place(manifest.test.path, folder)
    table = read_pairs(test, label_range=manifest.label_range, **manifest.reading)
    _check_same(table.sha256, manifest.test, test)
    if manifest.sample is None:
        return test, None
    order = Sample.read(Path(_place(manifest.sample.path, folder)))
    _check_same(order.file.sha256, manifest.sample, order.file.path)
    return test, order


def _check_same(found: str, kept: DataFile, place: str) -> None:
    if found != kept.sha256:
        raise InputError(
            f"{place}: has changed since it was used (its content was {kept.sha256:.12}, and is "
            f"{found:.12}): put the old one back"
        )


def _place(path: str, folder: Path) -> str:
    """Where a file is: as it was named, from here or from the manifest's folder, or beside the manifest."""
    if path.startswith(HUB_PREFIX):
        return path
    places = (Path(path), folder / path, folder / Path(path).name)
    return str(next((each for each in places if each.is_file()), Path(path)))


@dataclass(frozen=True)
class _Plan:
    """What there is of a member: a model that is the same, or a recipe whose data are."""

    model: Path | None = None
    how: str = "trained"
    recipe: Recipe | None = None
    reader: PairReader | None = None


def _planned(kept: MemberRecord, folder: Path, output: Path) -> _Plan:
    """Where a member comes from: known for all of them before the first one is trained, for hours maybe."""
    for place in (Path(kept.folder), folder / kept.folder, output / kept.name / "model"):
        if is_model_folder(place) and folder_hash(place, any_file=True) == kept.weights:
            return _Plan(place, "found")
    finished = [run for run in runs_in(output, {"finished"}) if is_model_folder(run.model)]
    for run in finished:
        for place in (run.model, *filter(is_model_folder, run.model.iterdir())):  # a blend's copies, too
            if folder_hash(place, any_file=True) == kept.weights:
                return _Plan(place, "found")
    for run in finished:
        if kept.content is not None and _content(run) == kept.content:
            return _Plan(run.model, "same_run")
    if kept.recipe is None:
        raise InputError(
            f"{kept.folder}: has no longer the model of sha256 {kept.weights:.12}, and nothing says how it "
            "was trained: put it back"
        )
    return _to_train(kept, folder, output)


def _content(run: Run) -> str | None:
    try:
        return content_hash(run)
    except InputError:
        return None


def _to_train(kept: MemberRecord, folder: Path, output: Path) -> _Plan:
    recipe = build_recipe({**(kept.recipe or {})}, f"the recipe of {kept.name}")
    own: dict[str, str] = {
        name: _place(path, folder)
        for name in kept.data
        if (path := getattr(recipe.data, name, None)) is not None
    }
    data = recipe.data.model_copy(update=own)
    recipe = recipe.model_copy(update={"data": data, "output": str(output)})
    reader = PairReader()
    for name, file in data_files(recipe, read_splits(recipe, reader)).items():
        if name in kept.data:
            _check_same(file.sha256, kept.data[name], own.get(name, file.path))
    for code, digest in own_code(recipe).items():
        if digest is None or digest != kept.code.get(code):
            raise InputError(f"{code}: is other code than {kept.name} was trained with: put the old one back")
    return _Plan(recipe=recipe, reader=reader)


def _rebuilt(kept: MemberRecord, plan: _Plan, output: Path) -> Rebuilt:
    if plan.model is not None:
        return Rebuilt(
            kept.name, plan.how, plan.model, plan.how == "found" or _same_weights(plan.model, kept)
        )
    assert plan.recipe is not None
    tell(TRAINING.format(member=kept.name))

    from dalmeum.experiments.train import train

    run = train(plan.recipe, "reproduced", resume=True, reader=plan.reader)
    return Rebuilt(kept.name, plan.how, run.model, _same_weights(run.model, kept))


def _same_weights(model: Path, kept: MemberRecord) -> bool:
    return folder_hash(model, any_file=True) == kept.weights


def _compared(
    manifest_file: Path,
    manifest: Manifest,
    members: tuple[Rebuilt, ...],
    content: bytes,
    beside: Path,
    out: Path | None,
) -> Reproduction:
    identical = hashlib.sha256(content).hexdigest() == manifest.sha256
    compared = beside if beside.is_file() else None
    known: dict[str, Any] = {"compared": compared}
    if compared is not None:
        at_hand = compared.read_bytes()
        known["original"] = hashlib.sha256(at_hand).hexdigest() == manifest.sha256
        known["largest"], known["share"] = differences(at_hand, content)
    place = out or (beside if identical and compared is None else None)
    if place is not None:
        write_bytes(place, content)
        known["written"] = place
    return Reproduction(manifest_file, manifest, members, identical, **known)


def differences(one: bytes, other: bytes) -> tuple[float | None, float | None]:
    """The largest difference of the scores of two submission files, and the share of ids whose scores differ;
    None where their ids are not the same.
    """
    first, second = _scores(one), _scores(other)
    if first is None or second is None or first.keys() != second.keys() or not first:
        return None, None
    gaps = np.abs(np.array([first[name] - second[name] for name in first]))
    return float(gaps.max()), float((gaps > 0).mean())


def _scores(content: bytes) -> Mapping[str, float] | None:
    try:
        _, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        scores = {name: float(value) for name, value in rows}
    except (ValueError, csv.Error):
        return None
    return scores if all(map(math.isfinite, scores.values())) else None
