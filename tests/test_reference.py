"""The tables of docs/reference.md and .ko.md are what the code says."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_origin

import pytest
import yaml
from pydantic import BaseModel

from dalmeum.data.readers import FORMATS
from dalmeum.recipe import Recipe
from dalmeum.recipe.study import Study
from dalmeum.stats import METRICS
from tests.test_docs import REFERENCES, ROOT, text


def recipe_keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with its default; a section that may be left out is one, too."""
    for name, field in model.model_fields.items():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if get_origin(field.annotation) is dict:
            inner = None  # named sections are told in one row
        if inner is None or field.default is None:
            yield prefix + name, ... if field.is_required() else field.get_default(call_default_factory=True)
        if inner is not None:
            yield from recipe_keys(inner, f"{prefix}{name}.")


def generated(page: str, name: str) -> list[list[str]]:
    """The cells of a table that `docs/make_reference.py` fills."""
    _, _, rest = text(page).partition(f"<!-- {name} -->")
    rows = rest.partition("<!-- end -->")[0].strip().splitlines()[2:]
    return [row.strip("| ").split(" | ") for row in rows]


def test_reference_is_what_the_code_says() -> None:
    call = [sys.executable, "docs/make_reference.py", "--check"]
    checked = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("page", REFERENCES)
def test_recipe_table_has_every_key_and_default(page: str) -> None:
    shown = {key.strip("`"): default for key, default, *_ in generated(page, "recipe")}
    expected = dict(recipe_keys(Recipe))
    assert shown.keys() == expected.keys()
    for key, default in expected.items():
        if default in (None, {}, ...):
            assert shown[key] in ({"required", "필수"} if default is ... else {"none", "없음"}), key
        else:
            value = yaml.safe_load(shown[key].strip("`"))
            same = list(default) if isinstance(default, tuple) else default
            assert (float(value) if isinstance(same, float) else value) == same, key


@pytest.mark.parametrize("name", ["recipe", "study", "strict formats", "generic formats"])
def test_the_korean_page_says_it_in_korean(name: str) -> None:
    english, korean = (generated(page, name) for page in REFERENCES)
    assert len(english) == len(korean)
    for one, other in zip(english, korean, strict=True):
        assert one[0] == other[0]
        assert not re.search("[가-힣]", one[-1]), one
        assert re.search("[가-힣]", other[-1]) or one[0] == "`stsb-csv`", other


@pytest.mark.parametrize("page", REFERENCES)
def test_other_tables_have_every_row(page: str) -> None:
    keys = [row[0].strip("`") for row in generated(page, "study")]
    assert keys == list(Study.model_fields)
    formats = [
        row[0].strip("`") for kind in ("strict", "generic") for row in generated(page, f"{kind} formats")
    ]
    assert formats == [*FORMATS[1:]]
    assert re.findall(r"^\| `(pearson|spearman|rmse|mae|f1)` \|", text(page), re.MULTILINE) == [
        *METRICS,
        "f1",
    ]
