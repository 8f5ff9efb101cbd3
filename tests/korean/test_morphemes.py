import pytest

from dalmeum.korean.morphemes import Morpheme, analyse, analyse_all, cleaned


def test_a_morpheme_knows_its_place_and_class() -> None:
    dog, particle, *_ = analyse("개가 잔다.")
    assert (dog.name, dog.start, dog.end, dog.content_class) == ("개/NNG", 0, 1, "noun")
    assert (particle.name, particle.start, particle.end, particle.content_class) == ("가/JKS", 1, 2, None)
    assert Morpheme("돕", "VV-I").kind == "VV"


@pytest.mark.parametrize(
    ("tag", "content_class"),
    [
        ("VA-I", "verb"),
        ("W_URL", "name"),
        ("NNP", "name"),
        ("SN", "number"),
        ("MAG", "modifier"),
        ("EF", None),
    ],
)
def test_classes_of_tags(tag: str, content_class: str | None) -> None:
    assert Morpheme("꼴", tag).content_class == content_class


def test_sentences_are_analysed_alike_alone_and_together() -> None:
    sentences = ["비가 온다.", "저는 학생입니다.", "창문을\t열어 주세요.", ""]
    assert analyse_all(sentences) == [analyse(sentence) for sentence in sentences]


def test_what_confuses_an_analyser_becomes_a_space() -> None:
    assert cleaned("가\0나\ud800다\t라") == "가 나 다 라"
    assert analyse_all(["", "\0", "\ud800"]) == [(), (), ()]
