import json

import pytest

from dalmeum.languages import Text
from dalmeum.pages.text import plotly_label, plotly_labels, plotly_lines, script_json, source_name, wrap


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
    assert plotly_labels("a") == Text("a", "a")
    assert plotly_labels(Text("<i>", "가")) == Text("&lt;i&gt;", "가")


def test_pairs_without_a_source_are_named() -> None:
    assert source_name("") == Text("(no source)", "(출처 없음)")
    assert source_name("news") == "news"


def test_script_json_means_the_same() -> None:
    value = {"a": ["</script>", "<!--", "&amp;", "\u2028", "가"]}
    text = script_json(value)
    assert json.loads(text) == value
    assert "가" in text
    assert not set("<>&\u2028") & set(text)


def test_script_json_holds_both_languages() -> None:
    assert json.loads(script_json({"title": Text("step", "스텝")})) == {"title": {"en": "step", "ko": "스텝"}}
    with pytest.raises(TypeError, match="set is not JSON"):
        script_json({1})
