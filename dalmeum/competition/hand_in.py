"""What the board's answers say: how public and dev relate, how far the order may shake, and which two
submissions to hand in.
"""

import contextlib
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dalmeum import terminal
from dalmeum.comparison import Pairs
from dalmeum.comparison.arm import Array
from dalmeum.competition.board import SPLIT
from dalmeum.competition.claims import moment
from dalmeum.competition.ledger import Submission
from dalmeum.competition.manifest import Judged, Manifest, dev_pairs, manifest_from
from dalmeum.errors import InputError, one_line
from dalmeum.languages import Text, counted
from dalmeum.numbers import NONE, number, percent, signed
from dalmeum.runs.folder import open_run
from dalmeum.stats import Estimate, ShakeUp, best_two, shake_up
from dalmeum.stats.intervals import fisher, json_number

FEW = 8
"""With fewer answers the interval of a correlation covers most of what there is."""

NUMBER, AUTHOR = Text("no.", "번호"), Text("by", "제출자")
DEV, PUBLIC = Text("dev pearson", "dev 피어슨"), Text("public", "공개 점수")
WHEN, RUN = Text("handed in", "제출 시각"), Text("run", "실행")

NO_SUBMISSIONS = Text(
    "nothing was handed in yet: dalmeum submit RUN TEST -o FILE",
    "아직 제출한 것이 없습니다: dalmeum submit RUN TEST -o FILE",
)
TOO_FEW = Text(
    "public and dev: {submissions} with both scores; from 3 on they can be compared",
    "공개 점수와 dev: 두 점수가 모두 있는 제출 {count}개. 3개부터 비교할 수 있습니다",
)
RELATED = Text(
    "public and dev: correlation {value} ({low} to {high}) over {submissions}; public less dev is {gap} "
    "in the mean",
    "공개 점수와 dev: 제출 {count}개에서 상관 {value}({low} ~ {high}), 공개 점수는 dev와 평균 {gap} 차이",
)
FEW_TOLD = Text(
    "with so few submissions that correlation may be chance: trust dev, and the interval",
    "제출이 이만큼 적으면 이 상관은 우연일 수 있습니다. dev 점수와 그 구간을 믿으세요",
)
OTHER_DEV = Text(
    "left out: {submissions} without a dev score, or of other dev pairs ({numbers})",
    "제외: dev 점수가 없거나 다른 dev 쌍으로 채점한 제출 {count}개({numbers})",
)
NOT_HERE = Text(
    "left out of what follows: {submissions} whose run is not here ({numbers})",
    "아래에서 제외: 실행이 여기 없는 제출 {count}개({numbers})",
)
SHAKEN = Text(
    "on the private half the order of these {count} changes with a chance of {changed}, and the best in "
    "public is not the best there with one of {other} (simulated on {pairs} dev pairs)",
    "비공개 절반에서 이 {count}개의 순서가 바뀔 확률 {changed}, 공개 1위가 거기서 1위가 아닐 확률 {other}"
    "(dev 쌍 {pairs}개로 모의 실험)",
)
HAND_IN = Text("hand in {first} and {second}", "최종 제출로 고를 둘: {first}번과 {second}번")


@dataclass(frozen=True)
class Entry:
    """A file that was handed in, whoever of the team did first; `dev` is NaN where it has no such score."""

    submission: Submission
    run: str
    judged: Judged | None
    test_rows: int
    dev: Estimate

    @property
    def number(self) -> int:
        return self.submission.number

    @property
    def public(self) -> float:
        return math.nan if self.submission.public is None else self.submission.public


@dataclass(frozen=True)
class HandIn:
    """What is known of all submissions.

    Attributes:
        relation: the correlation of public and dev scores over `related` submissions; None of fewer than 3.
        gap: public less dev, in the mean.
        shake: of those in `shaken`, by number, whose predictions on dev are here; None of fewer than 2.
        two: the numbers of those to hand in.
    """

    entries: tuple[Entry, ...]
    related: int = 0
    relation: Estimate | None = None
    gap: float = math.nan
    other_dev: tuple[int, ...] = ()
    not_here: tuple[int, ...] = ()
    shaken: tuple[int, ...] = ()
    pairs: int = 0
    shake: ShakeUp | None = None
    two: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        shake, relation = self.shake, self.relation
        return {
            "submissions": [_listed(each) for each in self.entries],
            "public_and_dev": relation and {**relation.to_dict(), "submissions": self.related},
            "public_less_dev": json_number(self.gap),
            "shake_up": shake
            and {
                "submissions": [*self.shaken],
                "order_changes": 1 - shake.same_order,
                "best_changes": 1 - shake.same_best,
                "pairs": self.pairs,
            },
            "hand_in": self.two and [*self.two],
        }


def hand_in(ledger: Sequence[Submission], output: Path) -> HandIn:
    """What the ledger says, with the runs that lie where their manifests say, or under `output`."""
    entries = tuple(_entries(ledger))
    found = HandIn(entries)
    known = [each for each in entries if each.judged is not None and math.isfinite(each.dev.value)]
    if not known:
        return found
    # Scores on several dev sets don't compare: those of the set with most of them, the newest's first.
    hashes = [each.judged.sha256 for each in reversed(known) if each.judged]
    judged = max(hashes, key=hashes.count)
    same = [each for each in known if each.judged and each.judged.sha256 == judged]
    other = tuple(each.number for each in entries if each not in same)
    return _shaken(_related(replace(found, other_dev=other), same), same, output)


def named(ledger: Sequence[Submission], of: str | None, author: str | None) -> Submission:
    """A submission by its number or its file; without either the newest of the author.

    Raises `InputError` where there is none.
    """
    if of is None:
        own = [each for each in ledger if each.author == author]
        if not own:
            raise InputError(f"{author}: has handed nothing in; name another's submission with --of NUMBER")
        return own[-1]
    if of.isdecimal():
        wanted = [each for each in ledger if each.number == int(of)]
    else:
        try:
            digest = hashlib.sha256(Path(of).read_bytes()).hexdigest()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"--of {of}: neither a submission's number nor its file: {reason}") from None
        wanted = [each for each in ledger if each.sha256 == digest]
    if not wanted:
        raise InputError(f"--of {of}: no such submission is in the ledger; dalmeum submit lists them")
    return wanted[0]


def hand_in_lines(found: HandIn) -> list[str]:
    if not found.entries:
        return [str(NO_SUBMISSIONS)]
    rows: list[Sequence[object]] = [(NUMBER, AUTHOR, DEV, PUBLIC, WHEN, RUN)]
    for each in found.entries:
        shown = number(each.dev.value, 4), number(each.public, 4)
        kept = each.submission
        rows.append((each.number, one_line(kept.author), *shown, moment(kept.submitted), one_line(each.run)))
    return [*terminal.table(rows, right=(0, 2, 3), whole=(0, 2, 3)), "", *map(str, _told(found))]


def _told(found: HandIn) -> list[Text]:
    told = [_counted(OTHER_DEV, found.other_dev)] if found.other_dev else []
    count = {"submissions": counted(found.related, "submission"), "count": found.related}
    if found.relation is None:
        told.append(TOO_FEW.format(**count))
    else:
        bounds = {name: number(getattr(found.relation, name), 2) for name in ("value", "low", "high")}
        told.append(RELATED.format(**count, **bounds, gap=signed(found.gap)))
        if found.related < FEW:
            told.append(FEW_TOLD)
    if found.not_here:
        told.append(_counted(NOT_HERE, found.not_here))
    if found.shake is not None:
        changed, other = (percent(1 - each, 0) for each in (found.shake.same_order, found.shake.same_best))
        told.append(
            SHAKEN.format(count=len(found.shaken), changed=changed, other=other, pairs=f"{found.pairs:,}")
        )
    if found.two is not None:
        told.append(HAND_IN.format(first=found.two[0], second=found.two[1]))
    return told


def _counted(text: Text, numbers: Sequence[int]) -> Text:
    return text.format(
        submissions=counted(len(numbers), "submission"),
        count=len(numbers),
        numbers=", ".join(map(str, numbers)),
    )


def _entries(ledger: Sequence[Submission]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for line in ledger:
        if line.sha256 in found:
            continue
        manifest: Manifest | None = None
        with contextlib.suppress(InputError):
            manifest = manifest_from(line.manifest, str(line.number))
        score = (line.scores.get(SPLIT) or {}).get("pearson") or {}
        bounds = [math.nan if score.get(name) is None else score[name] for name in ("value", "low", "high")]
        found[line.sha256] = Entry(
            line,
            manifest.run if manifest else NONE,
            manifest.judged if manifest else None,
            manifest.rows if manifest else 0,
            Estimate(*bounds),
        )
    return list(found.values())


def _related(found: HandIn, same: Sequence[Entry]) -> HandIn:
    both = [each for each in same if math.isfinite(each.public)]
    if len(both) < 3:
        return replace(found, related=len(both))
    dev, public = (np.array([each.dev.value for each in both]), np.array([each.public for each in both]))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(np.corrcoef(dev, public)[0, 1])
    gap = float((public - dev).mean())
    return replace(found, related=len(both), relation=fisher(value, len(both)), gap=gap)


def _shaken(found: HandIn, same: Sequence[Entry], output: Path) -> HandIn:
    here = [(each, dev) for each in same if (dev := _dev(each, output)) is not None]
    usable = [each for each, _ in here]
    found = replace(found, not_here=tuple(each.number for each in same if each not in usable))
    if len(usable) < 2:
        return found
    labels = here[0][1][0].labels
    rows = np.stack([predictions for _, (_, predictions) in here])
    half = max(1, round(max(each.test_rows for each in usable) / 2))
    numbers = tuple(each.number for each in usable)
    found = replace(found, shaken=numbers, pairs=len(labels))
    with contextlib.suppress(ValueError):  # predictions that do not vary have no score
        public = [each.public for each in usable]
        first, second = best_two(labels, rows, public, public_pairs=half, private_pairs=half)
        found = replace(found, two=(numbers[first], numbers[second]), shake=shake_up(labels, rows))
    return found


def _dev(entry: Entry, output: Path) -> tuple[Pairs, Array] | None:
    """Labels and predictions where the run is here, still as it was judged."""
    for place in (Path(entry.run), output / Path(entry.run).name):
        with contextlib.suppress(InputError):
            found = dev_pairs(open_run(place))
            if found is not None and entry.judged == Judged.of(found[0]):
                return found
    return None


def _listed(entry: Entry) -> dict[str, Any]:
    kept = entry.submission
    return {
        "number": kept.number,
        "author": kept.author,
        "run": entry.run,
        "sha256": kept.sha256,
        "submitted": kept.submitted,
        "dev_pearson": entry.dev.to_dict(),
        "public": kept.public,
    }
