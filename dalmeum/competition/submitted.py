"""What dalmeum submit wrote."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalmeum.competition.manifest import Manifest, manifest_place
from dalmeum.errors import one_line
from dalmeum.languages import Text, counted_pairs
from dalmeum.terminal import named_lines

if TYPE_CHECKING:
    from dalmeum.competition.ledger import Submission

FILE, MANIFEST = Text("file", "파일"), Text("manifest", "매니페스트")
LINE = Text("submission", "제출")
NUMBERED = Text("{number}, by {author}", "{number}번, {author}")
NEXT = Text(
    "when the board has answered: dalmeum submit --public SCORE --of {number}",
    "리더보드에 점수가 나오면: dalmeum submit --public 점수 --of {number}",
)


@dataclass(frozen=True)
class Submitted:
    """What was written; `line` is its place in the ledger, None where none is kept."""

    file: Path
    manifest: Manifest
    line: "Submission | None"
    warnings: tuple[Text, ...]

    @property
    def manifest_file(self) -> Path:
        return manifest_place(self.file)

    def __str__(self) -> str:
        told = f"{one_line(str(self.file))} ({counted_pairs(self.manifest.rows)})"
        places: list[tuple[Text, object]] = [(FILE, told), (MANIFEST, self.manifest_file)]
        if self.line is None:
            return "\n".join(named_lines(places))
        number = self.line.number
        places.append((LINE, NUMBERED.format(number=number, author=self.line.author)))
        return "\n".join([*named_lines(places), str(NEXT.format(number=number))])

    def to_dict(self) -> dict[str, Any]:
        return {
            "out": str(self.file),
            "rows": self.manifest.rows,
            "sha256": self.manifest.sha256,
            "manifest": str(self.manifest_file),
            "submission": self.line and self.line.number,
            "scores": self.manifest.scores,
        }
