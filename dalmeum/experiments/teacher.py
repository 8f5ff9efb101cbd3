"""Distillation: what a teacher says of unlabelled pairs, scored once for all runs that learn from it."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.parquet import write_parquet
from dalmeum.data.splits import Split, binary_threshold
from dalmeum.data.unlabelled import with_scored
from dalmeum.errors import InputError
from dalmeum.files import make_folder
from dalmeum.languages import Text, counted
from dalmeum.progress import tell
from dalmeum.recipe import Recipe
from dalmeum.runs.data import scores_file, teacher_file
from dalmeum.runs.folder import load
from dalmeum.runs.leaks import known_to_teacher

SCORING = Text(
    "{teacher} scores {counted} of {name}, once for all runs under {output}",
    "{teacher}(으)로 {name}의 문장쌍 {pairs:,}개에 점수를 매깁니다. {output} 아래의 실행이 모두 함께 씁니다",
)
WAITING = Text(
    "another process has the teacher score these pairs: waiting for it",
    "다른 프로세스에서 같은 문장쌍에 점수를 매기고 있어 기다립니다",
)
MAPPED = Text(
    "loss.teacher: {teacher} answers on {own}: its scores are mapped to {wanted} in a straight line",
    "loss.teacher: {teacher}의 점수 범위는 {own}입니다. {wanted}(으)로 곧게 옮깁니다",
)


def check_teacher(recipe: Recipe, tables: Mapping[Split, PairTable]) -> None:
    """`InputError` where there is a teacher that can't be used, as far as that is known without its model."""
    train = tables["train"]
    if train.unlabelled is None:
        return
    teacher_file(recipe, train.unlabelled)
    if recipe.tasks.binary is not None and binary_threshold(recipe, train) is None:
        raise InputError(
            "tasks.binary: pairs that loss.teacher scores are similar from a label on, and the binary column "
            "of data.train tells none: set tasks.binary.threshold, or leave tasks.binary out"
        )


def scored_by_teacher(recipe: Recipe, tables: Mapping[Split, PairTable]) -> PairTable | None:
    """All pairs of `data.unlabelled` with the teacher's scores as labels; None of a recipe without a teacher.

    They are taken from where an earlier run put them, or scored and put there; another process that wants the
    same ones waits. Scores are mapped from the teacher's label range to the recipe's, and clipped to it.

    Raises `InputError` where the teacher can't be loaded.
    """
    unlabelled = tables["train"].unlabelled
    if unlabelled is None:
        return None
    check_teacher(recipe, tables)
    whole = unlabelled.pool or unlabelled
    place = scores_file(recipe, unlabelled, teacher_file(recipe, unlabelled).sha256)
    make_folder(place.parent)
    with _one_at_a_time(place):
        if not place.is_file():
            write_parquet(place, _scored(recipe, whole))
    return read_pairs(place, format="parquet", label_range=recipe.data.label_range, labels="required")


def _scored(recipe: Recipe, whole: PairTable) -> PairTable:
    from dalmeum.evaluation.predict import score_table
    from dalmeum.models.kinds import OwnCodeError

    teacher, (low, high) = recipe.loss.teacher or "", recipe.data.label_range
    try:
        scorer = load(teacher, output=recipe.output)
    except OwnCodeError as error:
        raise InputError(
            f"loss.teacher: {error.told}, and training does for no teacher: score the pairs with "
            "dalmeum score RUN FILE -o OUT --trust-code, and add them to data.train"
        ) from None
    except InputError as error:
        raise InputError(f"loss.teacher: {error}") from None
    told = {"teacher": teacher, "name": whole.name, "pairs": len(whole), "output": recipe.output}
    tell(SCORING.format(**told, counted=counted(len(whole), "pair")))
    scores = score_table(scorer, whole).similarity
    if scorer.label_range != (low, high):
        bottom, top = scorer.label_range
        own, wanted = f"{bottom:g}..{top:g}", f"{low:g}..{high:g}"
        tell(MAPPED.format(teacher=teacher, own=own, wanted=wanted))
        scores = low + (scores - bottom) * (high - low) / (top - bottom)
    return dataclasses.replace(whole, label=np.clip(scores, low, high))


@contextlib.contextmanager
def _one_at_a_time(place: Path) -> Iterator[None]:
    """Of this machine's processes one alone scores, and the others find its scores."""
    lock = FileLock(f"{place}.lock", fallback_to_soft=False)
    with contextlib.suppress(OSError):  # none on this mount: as without
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell(WAITING)
            lock.acquire()
    try:
        yield
    finally:
        if lock.is_locked:
            with contextlib.suppress(OSError):
                os.unlink(lock.lock_file)
            lock.release()


def learned_from(recipe: Recipe, train: PairTable, scored: PairTable | None) -> PairTable:
    """What a model learns from: the training pairs, and those that the teacher has scored."""
    if scored is None or train.unlabelled is None:
        return train
    return with_scored(train, scored, binary_threshold(recipe, train))


def teacher_notes(recipe: Recipe, tables: Mapping[Split, PairTable]) -> tuple[Text, ...]:
    """What was left out of the unlabelled pairs, and what the teacher knows of those that the run is judged
    on: what it learned from them reaches the student by its scores.
    """
    train, teacher = tables["train"], recipe.loss.teacher
    if train.unlabelled is None or teacher is None:
        return ()
    judged = [table for split, table in tables.items() if split != "train"]
    known = (told for table in judged for told in known_to_teacher(teacher, recipe.output, table))
    return (*train.unlabelled.warnings, *known)
