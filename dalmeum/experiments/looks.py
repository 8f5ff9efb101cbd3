"""The looks that a study took at its question, kept in its folder, and what the next one may say.

The first look decides what the question is: the arms, the metric, the smallest effect, the split of the
verdict, whether seeds are paired, and up to how many seeds looks are planned. With the same seeds again it is
the same look; with more, all earlier ones among them, it is a further look at a level of its own
(`dalmeum.stats.looks`). All else is exploratory: it was chosen after looking, and no level is left for it.
"""

import contextlib
import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from dalmeum.errors import InputError
from dalmeum.files import check_output, check_writable, write_json
from dalmeum.languages import Text, shorten
from dalmeum.recipe.study import Study
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.record import STRICT, Moment
from dalmeum.runs.reuse import are_alike
from dalmeum.stats import Look

LOOKS = "looks.json"

OTHER_KEY = Text(
    "{key} is {now}, and was {first} at the first look", "{key}: 처음 판정 때 {first}, 지금 {now}"
)
ADDED = Text("added after the first look: {arms}", "처음 판정한 뒤에 더한 비교 조건: {arms}")
LEFT_OUT = Text(
    "judged at the first look, but not now: {arms}", "처음에는 판정했지만 지금은 빠진 비교 조건: {arms}"
)
REMADE = Text(
    "of another recipe, data or code than at the first look: {arms}",
    "처음 판정 때와 레시피, 데이터, 코드 중 하나가 다른 비교 조건: {arms}",
)
CHOSEN = Text(
    "seeds that were looked at before are left out: {seeds}", "이미 판정에 쓴 시드가 빠졌습니다: {seeds}"
)
OTHER_ORDER = Text(
    "seeds stand in another order than at an earlier look, so that they have other training sets",
    "시드의 순서가 앞선 판정 때와 달라 시드마다 학습 데이터가 바뀌었습니다",
)
BEYOND = Text(
    "{count} seeds are more than the {most} that looks were planned for (max_seeds)",
    "시드 {count}개는 처음에 계획한 {most}개(max_seeds)보다 많습니다",
)
UNREADABLE = Text(
    "{path} is no record of looks that this version of dalmeum reads, so that earlier ones are not known: "
    "put back the one that was there, or move it away to begin anew",
    "{path}: 이 버전의 dalmeum이 읽을 수 있는 판정 기록이 아니어서 앞선 판정을 알 수 없습니다. 원래 파일을 "
    "되돌리거나, 새로 시작하려면 다른 곳으로 옮기세요",
)


@dataclass(frozen=True)
class Judged:
    """A look that was taken.

    Attributes:
        seeds: that every arm had.
        max_seeds: as the study's file said; where it said nothing, as at the first look, whose own number of
            seeds that is.
        arms: a run of each, that with the first of `seeds`.
        exploratory: why it does not count; None where it does.
        resample_train: as the study's file said; then a seed's place among `seeds` is its training set, too.
    """

    __pydantic_config__ = STRICT

    seeds: Annotated[tuple[int, ...], Field(min_length=2)]
    max_seeds: int
    metric: str
    smallest_effect: float
    splits: Annotated[tuple[str, ...], Field(min_length=1)]
    paired: bool
    arms: Annotated[Mapping[str, str], Field(min_length=2)]
    date: Moment
    exploratory: str | None = None
    resample_train: int | None = None

    @property
    def counts(self) -> bool:
        return self.exploratory is None

    def is_with(self, seeds: Sequence[int]) -> bool:
        """Whether it had these seeds, in any order."""
        return set(self.seeds) == set(seeds)


_KEPT = TypeAdapter(dict[str, tuple[Judged, ...]], config=STRICT)


def take_look(study: Study, runs: Mapping[str, Sequence[Run]], folder: Path | None) -> Look:
    """Which look a judgement of these runs is, kept in `looks.json` in the study's folder before it is shown.

    Without a folder it is a first look. A file there that is no record of looks is left as it is, and makes
    the look exploratory.

    Args:
        runs: of each arm, by seed and then by fold.

    Raises:
        InputError: the file can't be read or written.
    """
    before = () if folder is None else read_looks(folder)
    if before is None:
        return _unknown(study, folder)
    now = _judged(study, {arm: those[0].id for arm, those in runs.items()}, before)
    look = next_look(before, now, _remade(before[0], study, runs) if before else [])
    now = replace(now, exploratory=None if look.exploratory is None else look.exploratory.en)
    known = any(each.is_with(now.seeds) and each.exploratory == now.exploratory for each in before)
    if folder is not None and not known:
        write_json(folder / LOOKS, {"looks": [asdict(each) for each in (*before, now)]})
    return look


def planned_look(study: Study, folder: Path | None) -> Look:
    """Which look the study will be, as far as is known before its runs are made."""
    before = () if folder is None else read_looks(folder)
    if before is None:
        return _unknown(study, folder)
    return next_look(before, _judged(study, dict.fromkeys(study.names, ""), before))


def _unknown(study: Study, folder: Path | None) -> Look:
    """A look after others that are not known."""
    unreadable = UNREADABLE.format(path=(folder or Path()) / LOOKS)
    return Look((len(study.seeds),), study.max_seeds or len(study.seeds), unreadable)


def check_looks(folder: Path) -> None:
    """Raise `InputError` where looks can't be kept in a study's folder."""
    check_output(folder / LOOKS)
    check_writable(folder / LOOKS)
    read_looks(folder)


def read_looks(folder: Path) -> tuple[Judged, ...] | None:
    """The looks that a study took so far, none where no file is; None where the file is no record of them."""
    path = folder / LOOKS
    try:
        kept = _KEPT.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror or error}") from None
    except ValidationError:
        return None
    looks = kept.get("looks", ())
    seeds = [set[int](), *(set(look.seeds) for look in looks if look.counts)]
    grows = all(fewer < more for fewer, more in itertools.pairwise(seeds))
    is_whole = len(kept) == 1 and looks and looks[0].counts and grows
    return looks if is_whole and len(seeds[-1]) <= looks[0].max_seeds else None


def next_look(before: Sequence[Judged], now: Judged, remade: Sequence[str] = ()) -> Look:
    """What look a judgement is after those before it, exploratory ones among them.

    `remade` are the arms whose runs are others than at the first look, though of the same seed.
    """
    first, count = before[0] if before else now, len(now.seeds)
    counted = [each for each in before if each.counts]
    is_same = any(each.is_with(now.seeds) for each in counted)
    reasons = [*_other_question(first, now, remade), *([] if is_same else _other_seeds(first, before, now))]
    if now.resample_train and any(each.seeds != now.seeds[: len(each.seeds)] for each in counted):
        reasons.append(OTHER_ORDER)
    if reasons:
        return Look((count,), first.max_seeds, shorten(reasons[0]))
    fewer = {len(each.seeds) for each in counted if len(each.seeds) < count}
    return Look((*sorted(fewer), count), first.max_seeds)


def _other_question(first: Judged, now: Judged, remade: Sequence[str]) -> Iterator[Text]:
    keys = {
        "metric": (first.metric, now.metric),
        "smallest_effect": (f"{first.smallest_effect:g}", f"{now.smallest_effect:g}"),
        "splits": (first.splits[0], now.splits[0]),
        "paired": (f"{first.paired}".lower(), f"{now.paired}".lower()),
        "max_seeds": (first.max_seeds, now.max_seeds),
        "resample_train": (first.resample_train or "null", now.resample_train or "null"),
    }
    for key, (was, is_now) in keys.items():
        if was != is_now:
            yield OTHER_KEY.format(key=key, first=was, now=is_now)
    for told, arms in (
        (ADDED, [arm for arm in now.arms if arm not in first.arms]),
        (LEFT_OUT, [arm for arm in first.arms if arm not in now.arms]),
        (REMADE, remade),
    ):
        if arms:
            yield told.format(arms=", ".join(arms))


def _other_seeds(first: Judged, before: Sequence[Judged], now: Judged) -> Iterator[Text]:
    seen = {seed for each in before for seed in each.seeds}
    if left := sorted(seen - set(now.seeds)):
        yield CHOSEN.format(seeds=", ".join(map(str, left)))
    if len(now.seeds) > first.max_seeds:
        yield BEYOND.format(count=len(now.seeds), most=first.max_seeds)


def _judged(study: Study, arms: Mapping[str, str], before: Sequence[Judged]) -> Judged:
    return Judged(
        seeds=study.seeds,
        max_seeds=study.max_seeds or (before[0].max_seeds if before else len(study.seeds)),
        metric=study.metric,
        smallest_effect=study.smallest_effect,
        splits=study.splits,
        paired=study.paired,
        arms=arms,
        resample_train=study.resample_train,
        date=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    )


def _remade(first: Judged, study: Study, runs: Mapping[str, Sequence[Run]]) -> list[str]:
    """Arms of the first look whose run with that look's first seed is now another, not made over again."""
    if first.seeds[0] not in study.seeds:
        return []
    place = study.seeds.index(first.seeds[0]) * (study.folds or 1)
    remade = []
    for arm, identifier in first.arms.items():
        if arm in runs and (run := runs[arm][place]).id != identifier:
            # One that was deleted, or is damaged, is taken for the same as what is there now.
            with contextlib.suppress(InputError):
                if not are_alike(open_run(identifier, study.baseline.output), run):
                    remade.append(arm)
    return remade
