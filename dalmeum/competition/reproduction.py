"""How a submission's file that was made again compares, and how its members were found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalmeum.competition.manifest import Manifest
from dalmeum.errors import one_line
from dalmeum.languages import Text
from dalmeum.machine import versions
from dalmeum.numbers import percent
from dalmeum.runs.folder import PACKAGES

IDENTICAL = Text("identical: {file}, sha256 {sha256}", "같음: {file}, sha256 {sha256}")
DIFFERENT = Text("different from what was handed in", "제출한 파일과 다름")
BY = Text(
    "{file}: {share} of the ids differ, by {largest:.3g} at most",
    "{file}: id의 {share}에서 다르고, 차이는 가장 큰 것이 {largest:.3g}",
)
OTHER_IDS = Text("{file}: has other ids", "{file}: id가 다릅니다")
CHANGED = Text(
    "{file}: is no longer the file that was handed in", "{file}: 제출한 그 파일이 아닙니다(그 뒤에 바뀜)"
)
GONE = Text(
    "the file that was handed in is not here, so by how much is not known; -o FILE writes what was made",
    "제출한 파일이 여기 없어 얼마나 다른지는 알 수 없습니다. -o FILE을 주면 다시 만든 것을 씁니다",
)
WRITTEN = Text("written: {file}", "씀: {file}")
HOW = {
    "found": Text("{name}: the same weights, in {place}", "{name}: 같은 가중치({place})"),
    "same_run": Text(
        "{name}: weights of another run of the same recipe and data, {place}; {same}",
        "{name}: 같은 레시피와 데이터로 학습한 다른 실행의 가중치({place}), {same}",
    ),
    "trained": Text("{name}: trained anew, {place}; {same}", "{name}: 다시 학습함({place}), {same}"),
}
SAME = {
    True: Text("they came out the same", "결과가 같습니다"),
    False: Text("they came out different", "결과가 다릅니다"),
}
VERSION = Text("{package} was {then}, and is {now}", "{package}: 그때는 {then}, 지금은 {now}")


@dataclass(frozen=True)
class Rebuilt:
    """A member as it was found: `how` is `found` (the same weights), `same_run` (another run of the same
    recipe, data and versions) or `trained` (anew, now).
    """

    name: str
    how: str
    model: Path
    same_weights: bool


@dataclass(frozen=True)
class Reproduction:
    """How the file that was made again compares.

    Attributes:
        identical: it is, byte for byte, the file that the manifest is of.
        compared: the file at hand that it was held against, None where there is none; `original` says whether
            that is still the one of the manifest.
        largest: the largest difference of two scores; None where nothing is compared, or the ids differ.
        share: of the ids, those whose scores differ.
        written: where the file was written, if it was.
    """

    manifest_file: Path
    manifest: Manifest
    members: tuple[Rebuilt, ...]
    identical: bool
    compared: Path | None = None
    original: bool = True
    largest: float | None = None
    share: float | None = None
    written: Path | None = None

    @property
    def other_versions(self) -> dict[str, tuple[str, str]]:
        """Packages that had another version then, with that one and the one of now."""
        then, now = self.manifest.versions, versions(PACKAGES)
        return {name: (then[name], now[name]) for name in then.keys() & now if then[name] != now[name]}

    @property
    def told(self) -> list[Text]:
        told = [
            HOW[each.how].format(name=each.name, place=each.model, same=SAME[each.same_weights])
            for each in self.members
        ]
        file = self.compared
        if self.identical:
            told.append(
                IDENTICAL.format(file=file or self.written or self.manifest_file, sha256=self.manifest.sha256)
            )
        else:
            told.append(DIFFERENT)
            told += [
                VERSION.format(package=name, then=then, now=now)
                for name, (then, now) in self.other_versions.items()
            ]
        if file is not None and not self.original:
            told.append(CHANGED.format(file=file))
        if file is None:
            told += [] if self.identical or self.written else [GONE]
        elif self.largest is None or self.share is None:
            told.append(OTHER_IDS.format(file=file))
        elif self.share > 0:
            told.append(BY.format(file=file, share=percent(self.share), largest=self.largest))
        if self.written is not None:
            told.append(WRITTEN.format(file=self.written))
        return told

    def __str__(self) -> str:
        return "\n".join(one_line(str(line)) for line in self.told)

    def to_dict(self) -> dict[str, Any]:
        return {
            "identical": self.identical,
            "compared": self.compared and str(self.compared),
            "original": self.original,
            "largest_difference": self.largest,
            "share_of_ids": self.share,
            "written": self.written and str(self.written),
            "sha256": self.manifest.sha256,
            "other_versions": {name: [*each] for name, each in self.other_versions.items()},
            "members": [
                {"name": each.name, "how": each.how, "same_weights": each.same_weights}
                for each in self.members
            ],
        }
