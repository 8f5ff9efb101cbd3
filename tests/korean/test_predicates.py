import pytest

from dalmeum.korean.predicates import final_predicates


def test_a_predicate_has_its_stem_and_endings() -> None:
    (predicate,) = final_predicates("나는 밥을 먹었다.")
    assert [m.name for m in predicate.stem] == ["먹/VV"]
    assert [m.form for m in predicate.prefinal] == ["었"]
    assert (predicate.ending.form, predicate.is_question) == ("다", False)
    assert "나는 밥을 먹었다."[predicate.start : predicate.end] == "먹었다"


def test_a_copula_takes_its_noun_along() -> None:
    (predicate,) = final_predicates("저는 학생입니다.")
    assert [m.kind for m in predicate.stem] == ["NNG", "VCP"]


@pytest.mark.parametrize(
    ("sentence", "main"), [("밥을 먹지 않는다.", "VV"), ("집이 크지 않다.", "VA"), ("밥을 먹는다.", "")]
)
def test_what_an_auxiliary_is_attached_to(sentence: str, main: str) -> None:
    (predicate,) = final_predicates(sentence)
    assert predicate.before_auxiliary == main


def test_each_clause_that_ends_a_sentence_and_none_that_is_quoted() -> None:
    assert len(final_predicates("비가 온다. 눈이 오니?")) == 2
    assert final_predicates("비가 오니?")[0].is_question
    assert final_predicates("그는 간다고 말한다.")[0].stem[0].form != "가"
    assert final_predicates("비") == []
