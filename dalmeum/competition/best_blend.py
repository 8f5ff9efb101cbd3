"""What the runs of a board come to together, and what each of them adds."""

import math
import os
from collections import Counter
from collections.abc import Sequence

import numpy as np

from dalmeum.comparison import Pairs
from dalmeum.comparison.arm import Array
from dalmeum.competition.blend import blended, pairs_groups
from dalmeum.competition.members import BLEND
from dalmeum.pages.board import BestBlend, Part
from dalmeum.runs.folder import Run
from dalmeum.terminal import shell_word

COPY = 1e-4
"""Predictions that differ by no more, in label units, are those of one model."""

SUBSETS = 1024
"""Of runs, blended for their shares: a board is to be there at once."""

MOST_SHARED = 64
"""Runs of weight up to which shares are found."""


def best_blend(
    runs: Sequence[Run], pairs: Pairs, predictions: Array
) -> tuple[BestBlend | None, dict[int, Part]]:
    """The blend, and each member's part by its place; None of fewer than two, and where none has a score.

    A blend is none, since its members stand beside it, nor is a run that answers as an older one does; and of
    runs with other label scales, or some judged out of fold, the most that go together are.

    Args:
        runs: the oldest first. predictions: (k, n).
    """
    places = _members(runs, predictions)
    if len(places) < 2 or len(pairs.labels) < 2:
        return None, {}
    members, rows = [runs[place] for place in places], predictions[places]
    groups = pairs_groups(members[0], pairs.table)
    found = blended(members, pairs, rows, groups, subsets=0)
    if not math.isfinite(found.score):
        return None, {}
    used = np.flatnonzero(found.weights.weights)
    shares, people = dict[int, float](), dict[str, float]()
    if 0 < len(used) <= MOST_SHARED:
        chosen = [members[each] for each in used]
        written = blended(chosen, pairs, rows[used], groups, found.method, subsets=SUBSETS)
        shares = {int(each): member.share for each, member in zip(used, written.members, strict=True)}
        people = written.authors
    parts = {
        place: Part(member.weight, member.gain, shares.get(number, 0.0) if shares else None)
        for number, (place, member) in enumerate(zip(places, found.members, strict=True))
    }
    name, single = found.best
    ids = tuple(members[each].folder.name for each in used)
    return (
        BestBlend(
            found.method, found.score, name, single, found.gain, ids, people, _command(members[0], ids)
        ),
        parts,
    )


def _members(runs: Sequence[Run], predictions: Array) -> list[int]:
    kinds = [(run.recipe().data.label_range, run.record.out_of_fold) for run in runs]
    single = [place for place, run in enumerate(runs) if not (run.folder / BLEND).is_file()]
    if not single:
        return []
    ((kind, _),) = Counter(kinds[place] for place in single).most_common(1)
    found: list[int] = []
    for place in single:
        apart = np.abs(predictions[found] - predictions[place]).max(axis=1, initial=0.0) > COPY
        if kinds[place] == kind and apart.all():
            found.append(place)
    return found


def _command(run: Run, ids: Sequence[str]) -> str:
    output = str(run.folder.parent)
    where = [] if os.path.normpath(output) == "runs" else ["--runs", shell_word(output)]
    return " ".join(["dalmeum blend", *map(shell_word, ids), *where, "-o NAME"])
