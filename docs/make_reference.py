"""Fill the tables of docs/reference.md and docs/reference.ko.md from the code; with --check, only compare.

A table stands between `<!-- name -->` and `<!-- end -->`; the text around it is written by hand.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dalmeum.configuration import Section
from dalmeum.data.readers.formats import GENERIC, STRICT
from dalmeum.languages import Language, Text
from dalmeum.recipe import Recipe
from dalmeum.recipe.study import Study

PAGES: Mapping[str, Language] = {"reference.md": "en", "reference.ko.md": "ko"}

NONE, REQUIRED = Text("none", "없음"), Text("required", "필수")
ANY, LIST, MAPPING = Text("anything", "무엇이든"), Text("list", "목록"), Text("mapping", "매핑")
TYPES = {
    "string": Text("text", "문자열"),
    "integer": Text("whole number", "정수"),
    "number": Text("number", "수"),
    "boolean": Text("true or false", "참/거짓"),
}
LIMITS = {
    "minimum": "≥ {:g}",
    "exclusiveMinimum": "> {:g}",
    "maximum": "≤ {:g}",
    "exclusiveMaximum": "< {:g}",
}
LARGEST = 10_000
"""A limit above it, the width of a machine's integers, is nothing that one has to read."""

FEW = 3
"""Keys of a section that are told beside it; each has a row in any case."""

Schema = dict[str, Any]
Row = tuple[Text, ...]


def key_rows(kind: type[Section], *, whole: tuple[str, ...] = ()) -> list[Row]:
    """Key, default, values and meaning of each key; sections in `whole` are told in one row."""
    schema = kind.model_json_schema()
    head = (Text("key", "키"), Text("default", "기본값"), Text("values", "값"), Text("what it is", "뜻"))
    return [head, *_key_rows(schema, schema["$defs"], "", whole)]


def _key_rows(section: Schema, sections: Schema, prefix: str, whole: tuple[str, ...]) -> Iterator[Row]:
    for name, field in section["properties"].items():
        key = prefix + name
        inner = None if key in whole else _inner(field, sections)
        default = REQUIRED if name in section.get("required", ()) else _default(field)
        if inner is None or field.get("default", ...) is None:
            yield _code(key), default, _values(field, sections), _meaning(key, field)
        if inner is not None:
            yield from _key_rows(inner, sections, f"{key}.", whole)


def _inner(field: Schema, sections: Schema) -> Schema | None:
    """The section that stands under a key, if one does."""
    references = [part["$ref"] for part in (field, *field.get("anyOf", ())) if "$ref" in part]
    inner: Schema | None = sections[references[0].rsplit("/", 1)[1]] if references else None
    return inner


def _meaning(key: str, field: Schema) -> Text:
    try:
        return Text(field["description"], field["ko"])
    except KeyError:
        raise SystemExit(f"{key} says nowhere what it is: use `described` where it is declared") from None


def _default(field: Schema) -> Text:
    value = field.get("default")
    if value is None:
        return NONE
    return _code(f"[{', '.join(map(_plain, value))}]" if isinstance(value, list) else _plain(value))


def _plain(value: object) -> str:
    """As one would write it: 2e-5, 0.1, 5."""
    return f"{value:g}".replace("e-0", "e-") if isinstance(value, float) else str(value)


def _values(field: Schema, sections: Schema) -> Text:
    alternatives = field.get("anyOf") or field.get("oneOf") or [field]
    told = [_value(each, sections) for each in alternatives if each.get("type") != "null"]
    if field.get("default") == "auto" and "type" in field and field["type"] != "string":
        told.append(_code("auto"))
    if field.get("list"):
        told.append(LIST)
    return Text(" or ".join(each.en for each in told), " 또는 ".join(each.ko for each in told))


def _value(field: Schema, sections: Schema) -> Text:
    if "$ref" in field:
        keys = sections[field["$ref"].rsplit("/", 1)[1]]["properties"]
        few = len(keys) <= FEW
        return _code(f"{{{', '.join(f'{key}: ...' for key in keys)}}}") if few else MAPPING
    if "const" in field:
        return _code(field["const"])
    if "enum" in field:
        return _code("`, `".join(field["enum"]))
    match field.get("type"):
        case "array":
            parts = field.get("prefixItems")
            return _code(f"[{', '.join('...' for _ in parts)}]") if parts else LIST
        case "object":
            return MAPPING
        case kind:
            limits = [
                form.format(field[limit])
                for limit, form in LIMITS.items()
                if limit in field and field[limit] <= LARGEST
            ]
            told = TYPES.get(str(kind), ANY)
            return Text(f"{told.en} {', '.join(limits)}".strip(), f"{told.ko} {', '.join(limits)}".strip())


def _code(text: str) -> Text:
    return Text(f"`{text}`", f"`{text}`")


def format_rows(formats: Mapping[str, Text]) -> list[Row]:
    rows: list[Row] = [(_code(name), shape) for name, shape in formats.items()]
    return [(Text("format", "형식"), Text("shape", "모양")), *rows]


def tables() -> dict[str, list[Row]]:
    return {
        "recipe": key_rows(Recipe),
        "study": key_rows(Study, whole=("baseline",)),
        "strict formats": format_rows(STRICT),
        "generic formats": format_rows(GENERIC),
    }


def markdown(rows: list[Row], language: Language) -> str:
    head, *body = [f"| {' | '.join(cell.in_language(language) for cell in row)} |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def filled(page: str, tables: Mapping[str, list[Row]], language: Language) -> str:
    """The page with these tables in their places."""
    for name, rows in tables.items():
        before, start, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not end:
            raise SystemExit(f"a page has no place for the table of {name}")
        page = f"{before}{start}\n{markdown(rows, language)}\n\n{end}{after}"
    return page


def tables_written(
    pages: Mapping[str, Language], tables: Mapping[str, list[Row]], *, check: bool = False
) -> None:
    """Pages of docs/ with these tables; `check`: exits where a page has others."""
    for name, language in pages.items():
        path = Path(__file__).parent / name
        page = path.read_text(encoding="utf-8")
        made = filled(page, tables, language)
        if made != page and check:
            raise SystemExit(f"docs/{name} has not the tables that it should: make docs")
        path.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    tables_written(PAGES, tables(), check="--check" in sys.argv[1:])
