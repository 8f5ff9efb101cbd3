"""Which column holds what: strict formats know their columns, the generic ones are told or guess by name."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dalmeum.data.readers.problems import Problems, did_you_mean, quoted
from dalmeum.languages import Text

FIELDS = ("id", "source", "sentence1", "sentence2", "label", "binary", "annotations")
"""The fields of a `PairTable` that a file can fill."""

UNLABELLED = ("label", "binary", "annotations")
"""Those of them that a file may be without that is to be predicted."""


@dataclass(frozen=True)
class Schema:
    """The columns of a strict format.

    Attributes:
        fields: field of the `PairTable` to column.
        id_from: columns that make an id together, where no single one does.
        optional: columns that may be missing.
        unused: columns that belong to the format and carry nothing that a `PairTable` holds.
        others: what some files call a column instead.
    """

    fields: Mapping[str, str]
    id_from: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()
    others: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.id_from, *self.fields.values(), *sorted(self.unused))))


COMPETITION = Schema(
    fields={
        "id": "id",
        "source": "source",
        "sentence1": "sentence_1",
        "sentence2": "sentence_2",
        "label": "label",
        "binary": "binary-label",
    },
    optional=frozenset({"id", "source", "label", "binary-label"}),
    others={"binary_label": "binary-label", "index": "id"},
)

KLUE_STS = Schema(
    fields={
        "id": "guid",
        "source": "source",
        "sentence1": "sentence1",
        "sentence2": "sentence2",
        "label": "labels.real-label",
        "binary": "labels.binary-label",
        "annotations": "annotations.annotations",
    },
    optional=frozenset({"labels.real-label", "labels.binary-label", "annotations.annotations"}),
    unused=frozenset({"labels.label", "annotations.agreement", "annotations.annotators"}),
)

KORSTS = Schema(
    fields={"source": "genre", "sentence1": "sentence1", "sentence2": "sentence2", "label": "score"},
    id_from=("filename", "year", "id"),  # ids start again with every file that the set was drawn from
    optional=frozenset({"score"}),
    unused=frozenset({"source1", "source2"}),
)

STSB_FIELDS = ("genre", "filename", "year", "id", "score", "sentence1", "sentence2", "source1", "source2")
"""Of the original STS benchmark, which has no header; a pair may lack the last two."""

STSB = Schema(
    fields={
        "id": "index",
        "source": "genre",
        "sentence1": "sentence1",
        "sentence2": "sentence2",
        "label": "score",
    },
    optional=frozenset({"score"}),
    unused=frozenset({"filename", "year", "old_index", "source1", "source2"}),
)

STSB_CSV = Schema(fields={"sentence1": "sentence1", "sentence2": "sentence2", "label": "score"})

SICK = Schema(
    fields={
        "id": "pair_ID",
        "sentence1": "sentence_A",
        "sentence2": "sentence_B",
        "label": "relatedness_score",
    },
    optional=frozenset({"relatedness_score"}),
    unused=frozenset(
        {
            "entailment_judgment",
            "entailment_label",
            "entailment_AB",
            "entailment_BA",
            "sentence_A_original",
            "sentence_B_original",
            "sentence_A_dataset",
            "sentence_B_dataset",
            "SemEval_set",
        }
    ),
)

ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "guid", "pair_id", "index", "idx"),
    "source": ("source", "genre"),
    "sentence1": ("sentence1", "sentence_1", "sentence_a", "text1", "text_1", "text_a", "question1"),
    "sentence2": ("sentence2", "sentence_2", "sentence_b", "text2", "text_2", "text_b", "question2"),
    "label": (
        *("labels.real_label", "real_label", "label", "labels.label"),
        *("score", "similarity", "similarity_score", "relatedness_score"),
    ),
    "binary": ("labels.binary_label", "binary_label", "binary", "is_duplicate"),
    "annotations": ("annotations.annotations",),
}
"""Names that a generic column goes by, the preferred first, in lower case with `_` for `-` and blanks."""


INDEX = Text(
    "{name}: column {column}, an index of rows, is left aside",
    "{name}: 행 번호가 적힌 열({column})은 읽지 않았습니다",
)
UNNAMED = Text("''", "이름 없음")
NUMBERED = Text(
    "{name}: has no id column: the rows are numbered from 1",
    "{name}: id 열이 없어 행에 1부터 번호를 붙였습니다",
)

_INDEX = re.compile(r"Unnamed: \d+(\.\d+)*|level_0|index")
"""How pandas calls an index that it writes, or reads back."""

_HINTED = 1000
"""Names that are searched for the nearest; a broken file may have any number."""

Match = tuple[dict[str, str], tuple[Text, ...]]
"""Field to column, and warnings."""


def match_strict(columns: Sequence[str], schema: Schema, labels_required: bool, problems: Problems) -> Match:
    """The columns that are there; those missing or unknown become problems."""
    there = set(columns)
    called = {
        column: other for other, column in schema.others.items() if other in there and column not in there
    }
    required = set(schema.columns) - schema.optional - schema.unused
    if labels_required:
        required.add(schema.fields["label"])
    for column in schema.columns:
        if column in required and column not in there | set(called):
            problems.add(f"column {quoted(column)} is missing")
    known = {*schema.columns, *called.values(), ""}
    index = _index_columns(columns, known)
    absent = [column for column in schema.columns if column not in there]
    for column in dict.fromkeys(columns):
        if column not in known and column not in index:
            nearest = did_you_mean(column, absent) if len(problems) < _HINTED else ""
            mend = nearest or "; remove it, or read the file in a generic format"
            problems.add(f"unknown column {quoted(column)}{mend}")
    fields = {
        field: called.get(column, column)
        for field, column in schema.fields.items()
        if column in there or column in called
    }
    warnings = _left_aside(index, problems.name)
    if "id" in schema.fields and "id" not in fields:
        warnings += (NUMBERED.format(name=problems.name),)
    return fields, warnings


def match_generic(
    columns: Sequence[str], named: Mapping[str, str], labels_required: bool, problems: Problems
) -> Match:
    """By the user's names first and aliases second; warnings where a guess was open."""
    there = set(columns)
    fields: dict[str, str] = {}
    warnings: list[Text] = []
    for field, column in named.items():
        if column in there:
            fields[field] = column
        else:
            near = did_you_mean(column, columns[:_HINTED])
            if field in UNLABELLED and not labels_required and not near:
                continue  # a recipe names the columns of all its files, and a test file has no labels
            hint = near or f"; it has {listed(columns)}"
            problems.add(f"column {quoted(column)}, named for {field}, is missing{hint}")
    taken = set(named.values())
    found = _by_alias([column for column in dict.fromkeys(columns) if column not in taken])
    for field in FIELDS:
        candidates = found.get(field, [])
        if field in named or not candidates:
            continue
        fields[field] = candidates[0]
        if len(candidates) > 1:
            others = ", ".join(quoted(other) for other in candidates[1:])
            chosen = quoted(candidates[0])
            warnings.append(
                Text(
                    f"{problems.name}: {field} is read from column {chosen}, not {others}",
                    f"{problems.name}: {field} 열은 {others} 대신 {chosen}에서 읽었습니다",
                )
            )
    required = ("sentence1", "sentence2", "label") if labels_required else ("sentence1", "sentence2")
    for field in required:
        if field not in fields and field not in named:
            hint = did_you_mean(field, columns[:_HINTED]) or f"; it has {listed(columns)}"
            call = f"--columns {field}=NAME on the command line"
            problems.add(f"no column for {field}: name it in columns ({call}){hint}")
    used = {*fields.values(), *(column for candidates in found.values() for column in candidates)}
    return fields, (*warnings, *_left_aside(_index_columns(columns, used), problems.name))


def check_names(columns: Sequence[str], problems: Problems) -> None:
    """A name that stands there twice is a problem."""
    for name, count in Counter(filter(None, columns)).items():
        if count > 1:
            problems.add(f"column {quoted(name)} appears {count} times")


def _index_columns(columns: Sequence[str], used: Iterable[str]) -> list[str]:
    """Those that hold nothing but the numbers of rows."""
    unused = [column for column in dict.fromkeys(columns) if column and column not in used]
    unnamed = [""] if columns and not columns[0] else []
    return unnamed + [column for column in unused if _INDEX.fullmatch(column)]


def _left_aside(columns: Sequence[str], name: str) -> tuple[Text, ...]:
    return tuple(INDEX.format(name=name, column=quoted(column) if column else UNNAMED) for column in columns)


def normalised(column: str) -> str:
    return column.strip().lower().replace("-", "_").replace(" ", "_")


def _by_alias(columns: Sequence[str]) -> dict[str, list[str]]:
    """The columns that each field goes by, the preferred first; the file's order decides between equals."""
    called: dict[str, list[str]] = {}
    for column in columns:
        called.setdefault(normalised(column), []).append(column)
    return {
        field: [column for alias in aliases for column in called.get(alias, ())]
        for field, aliases in ALIASES.items()
    }


def listed(columns: Sequence[str]) -> str:
    shown = ", ".join(quoted(column) for column in columns[:10])
    return f"{shown} and {len(columns) - 10} more" if len(columns) > 10 else shown
