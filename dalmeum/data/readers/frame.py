"""What every format is first read into: named columns of raw values, with the place of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dalmeum.data.readers.problems import Unit


@dataclass(frozen=True)
class Frame:
    """Raw columns of one length, in the order of the file.

    Attributes:
        columns: name to values: text (delimited files) or what JSON, Parquet and hub sets hold; None where a
            record lacks the column. A column inside an object or struct is named `outer.inner`.
        numbers: the line or record, from 1, at which each row starts.
        unit: what `numbers` count.
    """

    columns: Mapping[str, Sequence[object]]
    numbers: Sequence[int]
    unit: Unit

    def __len__(self) -> int:
        return len(self.numbers)
