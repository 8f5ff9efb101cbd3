"""The one table of the terminal."""

from rich.cells import cell_len

from dalmeum.terminal import table, wrapped

HEAD = ["arm", "score", "difference"]


def test_columns_stand_below_each_other_however_wide_the_characters() -> None:
    lines = table([HEAD, ["기준", "0.8257", ""], ["alpha-0.5", "0.8261", "+0.0004"]], width=80)
    assert lines == [
        "arm        score   difference",
        "기준       0.8257",
        "alpha-0.5  0.8261  +0.0004",
    ]


def test_a_long_name_is_broken_and_numbers_stay_whole() -> None:
    name = "loss.alpha=0.3, training.epochs=3, 아주 긴 이름입니다"
    lines = table([HEAD, [name, "0.8257", "-0.0065 to +0.0009"]], width=44)
    assert max(map(cell_len, lines)) <= 44
    assert "0.8257  -0.0065 to +0.0009" in lines[1]
    assert len(lines) > 2


def test_what_looks_like_markup_is_text() -> None:
    assert table([["arm"], ["[bold]x[/bold] :smile: \\[a]"]], width=80)[1] == "[bold]x[/bold] :smile: \\[a]"


def test_a_column_may_stand_on_the_right() -> None:
    assert table([["arm", "pairs"], ["a", "1"], ["b", "100"]], width=80, right=[1]) == [
        "arm  pairs",
        "a        1",
        "b      100",
    ]


def test_wrapped_lines_count_wide_characters() -> None:
    assert wrapped("가나다 라마 바사", 10, first="- ", rest="  ") == ["- 가나다", "  라마", "  바사"]
    assert wrapped("abc de fg", 10, first="- ", rest="  ") == ["- abc de", "  fg"]


def test_a_word_is_never_broken() -> None:
    assert wrapped("in data/a-long-folder/train.csv here", 12) == [
        "in",
        "data/a-long-folder/train.csv",
        "here",
    ]
    assert wrapped("", 12, first="- ") == ["- "]
