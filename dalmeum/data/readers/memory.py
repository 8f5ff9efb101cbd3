"""Pairs that are in memory already: frames of any library, data sets, lists."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from dalmeum.data.readers.frame import Columns, Frame
from dalmeum.data.readers.problems import Problems
from dalmeum.data.readers.records import arrow_frame
from dalmeum.errors import InputError


@runtime_checkable
class ArrowStream(Protocol):
    """A frame of pandas, Polars, Arrow, DuckDB or any other library that can hand its columns to Arrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


@runtime_checkable
class HubDataset(Protocol):
    """A `datasets.Dataset`."""

    def with_format(self, type: str) -> Any: ...


InMemory = ArrowStream | HubDataset | Mapping[str, Sequence[Any]] | Sequence[Any]
"""Frames and data sets; a mapping of names to columns; a list of mappings, or of tuples of two sentences and,
if they have one, their label."""

FIELDS_OF_TUPLES = ("sentence1", "sentence2", "label")


def read_memory(data: InMemory, problems: Problems) -> Frame:
    """The columns of data in memory; `InputError` where it is none of what `InMemory` names."""
    try:
        return _pairs_of_text(data) or arrow_frame(_arrow_table(data), problems)
    except InputError:
        raise
    except UnicodeEncodeError as error:
        raise InputError(
            f"{problems.name}: holds half a surrogate pair, or bytes of another encoding than UTF-8: "
            f"{error.object!r:.80}"
        ) from error
    # Frames and data sets are of many libraries, and fail in as many ways, all about what was handed in.
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{problems.name}: a column holds values of several kinds, or of none that is text or number "
            f"({reason:.120})"
        ) from error


def _pairs_of_text(data: InMemory) -> Frame | None:
    """The columns of a list of two sentences each, None for all else: importing Arrow, and pandas, which it
    looks for, takes longer than scoring them.
    """
    if not isinstance(data, list) or not data:
        return None
    if not all(
        isinstance(row, tuple) and len(row) == 2 and all(type(each) is str for each in row) for row in data
    ):
        return None
    columns: dict[str, Sequence[object]] = dict(zip(FIELDS_OF_TUPLES, zip(*data, strict=True), strict=False))
    for column in columns.values():
        "".join(map(str, column)).encode()  # half a surrogate pair is an error, as it is to Arrow
    rows = range(1, len(data) + 1)
    return Frame(
        tuple(columns), lambda names: Columns({name: columns[name] for name in names}, rows), "record"
    )


def _arrow_table(data: InMemory) -> Any:
    import pyarrow

    if type(data).__name__ in {"DatasetDict", "IterableDatasetDict", "IterableDataset"}:
        raise InputError(f"a {type(data).__name__} is no table: take one of its splits, not streamed")
    if isinstance(data, HubDataset):
        # Its rows as they were picked and shuffled, which its table alone does not tell.
        return data.with_format("arrow")[:]
    if isinstance(data, ArrowStream):
        names = Counter(name for name in getattr(data, "columns", ()) if isinstance(name, str))
        if repeated := {name for name, count in names.items() if count > 1}:
            raise InputError(f"column {min(repeated)!r:.80} stands there twice")
        return pyarrow.table(data)
    if isinstance(data, Mapping):
        counts = {str(name): len(values) for name, values in data.items()}
        if len(set(counts.values())) > 1:
            raise InputError(f"columns of different lengths: {counts}")
        return pyarrow.table({str(name): _plain(values) for name, values in data.items()})
    if isinstance(data, str | bytes) or not isinstance(data, Sequence):
        raise InputError(
            f"a {type(data).__name__} holds no pairs: pass a path, a frame, a mapping of columns, or a list "
            "of (sentence1, sentence2, label)"
        )
    rows = list(data)
    if all(isinstance(row, Mapping) for row in rows):
        return pyarrow.Table.from_pylist(rows)
    lengths = {len(row) if isinstance(row, tuple | list) else 0 for row in rows}
    if len(lengths) != 1 or not lengths <= {2, 3}:
        raise InputError(
            "a list of pairs holds (sentence1, sentence2), or (sentence1, sentence2, label), all alike; or "
            "mappings with these keys"
        )
    return pyarrow.table(dict(zip(FIELDS_OF_TUPLES, map(list, zip(*rows, strict=True)), strict=False)))


def _plain(values: Any) -> Any:
    """A column as Arrow takes it: a tensor of torch is an array first."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else values
