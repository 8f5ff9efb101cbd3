"""Which column holds what: strict formats know their columns, the generic ones are told or guess by name."""

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
    """

    fields: Mapping[str, str]
    id_from: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()

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
    optional=frozenset({"label", "binary-label"}),
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
)

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


def match_strict(
    columns: Sequence[str], schema: Schema, labels_required: bool, problems: Problems
) -> dict[str, str]:
    """Field to column for the columns that are there; those missing or unknown become problems."""
    required = set(schema.columns) - schema.optional - schema.unused
    if labels_required:
        required.add(schema.fields["label"])
    for column in schema.columns:
        if column in required and column not in columns:
            problems.add(f"column {quoted(column)} is missing")
    for place, column in enumerate(columns, start=1):
        if not column:
            problems.add(f"column {place} has no name")
        elif column not in schema.columns:
            absent = [known for known in schema.columns if known not in columns]
            hint = did_you_mean(column, absent) or "; remove it, or read the file in a generic format"
            problems.add(f"unknown column {quoted(column)}{hint}")
    return {field: column for field, column in schema.fields.items() if column in columns}


def match_generic(
    columns: Sequence[str], named: Mapping[str, str], labels_required: bool, problems: Problems
) -> tuple[dict[str, str], tuple[Text, ...]]:
    """Field to column, by the user's names first and aliases second; and warnings where a guess was open."""
    fields: dict[str, str] = {}
    warnings: list[Text] = []
    for field, column in named.items():
        if column in columns:
            fields[field] = column
        else:
            near = did_you_mean(column, columns)
            if field in UNLABELLED and not labels_required and not near:
                continue  # a recipe names the columns of all its files, and a test file has no labels
            hint = near or f"; it has {_listed(columns)}"
            problems.add(f"column {quoted(column)}, named for {field}, is missing{hint}")
    taken = set(named.values())
    for field in FIELDS:
        candidates = [column for column in _by_alias(field, columns) if column not in taken]
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
            hint = did_you_mean(field, columns) or f"; it has {_listed(columns)}"
            problems.add(f"no column for {field}: name it in columns, as in {field}=its_name{hint}")
    return fields, tuple(warnings)


def normalised(column: str) -> str:
    return column.strip().lower().replace("-", "_").replace(" ", "_")


def _by_alias(field: str, columns: Iterable[str]) -> list[str]:
    ranks = {alias: rank for rank, alias in enumerate(ALIASES[field])}
    found = [column for column in columns if normalised(column) in ranks]
    return sorted(found, key=lambda column: ranks[normalised(column)])


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(quoted(column) for column in columns[:10])
    return f"{shown} and {len(columns) - 10} more" if len(columns) > 10 else shown
