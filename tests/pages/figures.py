"""Figures in one language, as Plotly gets them."""

from typing import Any

from dalmeum.languages import Text


def in_english(value: Any) -> Any:
    if isinstance(value, Text):
        return value.en
    if isinstance(value, dict):
        return {name: in_english(each) for name, each in value.items()}
    return [in_english(each) for each in value] if isinstance(value, list) else value
