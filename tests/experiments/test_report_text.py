import json

import pytest

from dalmeum.experiments.report.text import plotly_label, plotly_lines, script_json, shorten, wrap


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("나는 학생이다", ["나는", "학생이다"]),  # a syllable takes two columns
        ("abcdefghijk", ["abcdefgh", "ijk"]),
        ("a b c d e f g h i", ["a b c d", "e f g h…"]),
        ("가" * 50, ["가" * 4, "가" * 4 + "…"]),
        ("a\nb\tc", ["a b c"]),
        ("\x00a\u202eb", ["ab"]),
    ],
)
def test_wrap(text: str, lines: list[str]) -> None:
    assert wrap(text, 8, 2) == lines


def test_plotly_shows_markup_as_text() -> None:
    assert plotly_lines("<b>a</b> & b") == "&lt;b&gt;a&lt;/b&gt; &amp; b"
    assert plotly_label("<i>") == "&lt;i&gt;"
    assert plotly_label("") == "(no source)"


def test_shorten() -> None:
    assert shorten("12345", 5) == "12345"
    assert shorten("123456", 5) == "1234…"


def test_script_json_means_the_same() -> None:
    value = {"a": ["</script>", "<!--", "&amp;", "\u2028", "가"]}
    text = script_json(value)
    assert json.loads(text) == value
    assert "가" in text
    assert not set("<>&\u2028") & set(text)
