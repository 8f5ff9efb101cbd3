import random

import pytest

from dalmeum.data.perturbations import PERTURBATIONS
from dalmeum.data.perturbations.typos import NEIGHBOURS
from dalmeum.korean.jamo import keystrokes

SEEDS = range(40)

SENTENCES = (
    "나는 어제 밥을 먹었다.",
    "저는 학생입니다.",
    "날씨가 추워요.",
    "창문을 열어 주세요.",
    "어디에 가십니까?",
    "동생이 만든 케이크를 먹었다.",
    "회의는 3월 5일에 열린다.",
    "두 명이 노래를 부른다.",
    "고양이가 소파에서 잔다.",
    "며칠 뒤에 만나면 돼요.",
    "값은 1,200원이다.",
    "오늘은 비가 온다. 우산을 챙겨라.",
    '그는 "안 간다"고 말했다.',
    "ㅋㅋㅋ 진짜 웃겨요ㅠㅠ",
    "BTS의 새 앨범이 100만 장 팔렸다!",
    "한 남자가  피아노를 치고 있다",
    "3.5% <b>올랐다</b> 😀",
)
NOT_KOREAN = ("", " ", "Hello, world!", "12", "ㅋㅋㅋ", "...", "東京", "\n")


def outputs(name: str, sentence: str) -> set[str]:
    """All that a perturbation makes of a sentence, over many seeds; empty where it does not apply."""
    results = {PERTURBATIONS[name].apply(sentence, random.Random(seed)) for seed in SEEDS}
    return {result for result in results if result is not None}


ALL_OUTPUTS: list[tuple[str, str, set[str]]] = [
    (
        "spacing_join",
        "창문을 열어 주세요.",
        {"창문을 열어주세요.", "창문을열어 주세요.", "창문을열어주세요."},
    ),
    ("spacing_join", "안녕", set()),
    ("spacing_split", "날씨가 추워요.", {"날씨 가 추워요."}),
    ("spacing_split", "두 명이 노래를 부른다.", {"두 명 이 노래를 부른다.", "두 명이 노래 를 부른다."}),
    ("particle_drop", "나는 어제 밥을 먹었다.", {"나는 어제 밥 먹었다."}),
    ("particle_drop", "오늘은 비가 온다.", {"오늘 비가 온다.", "오늘은 비 온다."}),
    ("particle_drop", "고양이가 소파에서 잔다.", set()),
    ("particle_drop", "강을 따라 걷는다.", set()),
    ("particle_swap", "날씨가 추워요.", {"날씨는 추워요."}),
    ("particle_swap", "이 책은 재미있다.", {"이 책이 재미있다."}),
    ("particle_swap", "그 사람은 의사다.", {"그 사람이 의사다."}),
    ("particle_swap", "밥은 먹었다.", set()),  # 밥 is the object
    ("particle_swap", "오늘은 추워요.", set()),
    ("particle_swap", "동생이 만든 케이크를 먹었다.", set()),  # it was I who ate
    ("ending", "숙제를 끝냈다.", {"숙제를 끝냈네.", "숙제를 끝냈지."}),
    ("ending", "아이가 웃는다.", {"아이가 웃네.", "아이가 웃지.", "아이가 웃는구나."}),
    ("ending", "날씨가 추워요.", {"날씨가 춥네요.", "날씨가 춥지요.", "날씨가 춥군요."}),
    ("ending", "저는 학생입니다.", {"저는 학생이지요."}),
    ("ending", "꼭 가고 싶습니다.", set()),
    ("ending", "밥 먹었어?", set()),
    ("politeness_plain", "저는 학생입니다.", {"나는 학생이다."}),
    ("politeness_plain", "제가 숙제를 끝냈어요.", {"내가 숙제를 끝냈다."}),
    ("politeness_plain", "창문을 열어 주세요.", {"창문을 열어 줘."}),
    ("politeness_plain", "어디에 가십니까?", {"어디에 가시니?"}),
    ("politeness_plain", "비가 오지 않습니다.", {"비가 오지 않는다."}),
    ("politeness_plain", "날씨가 춥지 않아요.", {"날씨가 춥지 않다."}),
    ("politeness_plain", "비가 온다.", set()),
    ("politeness_plain", "네, 알겠습니다.", set()),
    ("politeness_polite", "나는 어제 밥을 먹었다.", {"저는 어제 밥을 먹었어요."}),
    ("politeness_polite", "내가 할게.", {"제가 할게요."}),
    ("politeness_polite", "그 사람은 의사다.", {"그 사람은 의사예요."}),
    ("politeness_polite", "저는 학생입니다.", {"저는 학생이에요."}),
    ("politeness_polite", "두 명이 노래를 부른다.", {"두 명이 노래를 불러요."}),
    ("politeness_polite", "네가 와.", set()),
    ("politeness_formal", "날씨가 추워요.", {"날씨가 춥습니다."}),
    ("politeness_formal", "우리는 답을 알아요.", {"우리는 답을 압니다."}),
    ("politeness_formal", "학교에 같이 가자.", {"학교에 같이 갑시다."}),
    ("politeness_formal", "밥 먹었어?", {"밥 먹었습니까?"}),
    ("politeness_formal", "내가 할게.", set()),
    ("misspelling", "며칠 뒤에 만나면 돼요.", {"몇일 뒤에 만나면 돼요.", "며칠 뒤에 만나면 되요."}),
    ("misspelling", "비가 오지 않는다.", {"비가 오지 안는다."}),
    ("misspelling", "날씨가 추워요.", set()),
    ("word_order", "고양이가 소파에서 잔다.", {"소파에서 고양이가 잔다."}),
    ("word_order", "책상 위에 책이 있다.", {"책이 책상 위에 있다."}),
    ("word_order", "동생이 만든 케이크를 먹었다.", set()),
    ("word_order", "한 개가 해변을 따라 달린다.", set()),
    ("negation_short", "나는 어제 밥을 먹었다.", {"나는 어제 밥을 안 먹었다."}),
    ("negation_short", "동생이 방을 청소했다.", {"동생이 방을 청소 안 했다."}),
    ("negation_short", "여기서 놀면 돼요.", {"여기서 놀면 안 돼요."}),
    ("negation_short", "비가 오지 않는다.", set()),
    ("negation_short", "책상 위에 책이 있다.", set()),
    ("negation_long", "비가 왔다.", {"비가 오지 않았다."}),
    ("negation_long", "아이가 웃는다.", {"아이가 웃지 않는다."}),
    ("negation_long", "날씨가 춥다.", {"날씨가 춥지 않다."}),
    ("negation_long", "저는 학생입니다.", {"저는 학생이 아닙니다."}),
    ("negation_long", "책상 위에 책이 있다.", {"책상 위에 책이 없다."}),
    ("negation_long", "우리는 답을 알아요.", {"우리는 답을 몰라요."}),
    ("negation_long", "창문을 열어 주세요.", {"창문을 열지 말아 주세요."}),
    ("negation_long", "전화번호를 알려 주세요.", {"전화번호를 알려 주지 마세요."}),
    ("negation_long", "밥 먹었어?", set()),
    ("number", "12월", {"10월", "11월"}),
    ("number", "값은 1,200원이다.", {f"값은 1,{n}00원이다." for n in (0, 1, 3, 4)}),
    ("number", "2010년", {f"{year}년" for year in (2007, 2008, 2009, 2011, 2012, 2013)}),
    ("number", "두 명이 웃는다.", {"한 명이 웃는다.", "세 명이 웃는다.", "네 명이 웃는다."}),
    ("number", "두 명의 학생들이 웃는다.", {"세 명의 학생들이 웃는다.", "네 명의 학생들이 웃는다."}),
    ("number", "네 친구가 왔다.", set()),
    ("number", "3.5% 올랐다.", set()),
]


@pytest.mark.parametrize(("name", "sentence", "expected"), ALL_OUTPUTS)
def test_every_output(name: str, sentence: str, expected: set[str]) -> None:
    assert outputs(name, sentence) == expected


def test_doubled_and_missing_keys_compose_as_an_input_method_shows_them() -> None:
    assert outputs("typo_doubled", "안녕") == {"ㅇ안녕", "아ㅏㄴ녕", "안ㄴ녕", "안녀ㅕㅇ", "안녕ㅇ"}
    assert outputs("typo_missing", "안녕") == {"ㅇㄴ녕", "ㅏㄴ녕", "아녕", "안ㄴㅇ", "안녀"}


def test_a_neighbouring_key_changes_one_keystroke_to_a_key_beside_it() -> None:
    for seed in SEEDS:
        typed = PERTURBATIONS["typo_neighbour"].apply("안녕", random.Random(seed))
        assert typed is not None
        before, after = keystrokes("안녕"), keystrokes(typed)
        (changed,) = [at for at in range(len(before)) if before[at] != after[at]]
        assert after[changed] in NEIGHBOURS[before[changed]]


def test_neighbours_on_the_2_beolsik_keyboard() -> None:
    assert set(NEIGHBOURS["ㄱ"]) == set("ㄷㅅㅇㄹ")
    assert set(NEIGHBOURS["ㅣ"]) == set("ㅏㅔㅐ")
    assert NEIGHBOURS["ㅆ"] == "ㅅ"
    assert len(NEIGHBOURS) == 33
    assert all(NEIGHBOURS.values())


@pytest.mark.parametrize("name", PERTURBATIONS)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_deterministic_under_a_seed_and_never_the_input(name: str, sentence: str) -> None:
    perturbation = PERTURBATIONS[name]
    for seed in range(5):
        first = perturbation.apply(sentence, random.Random(seed))
        assert first == perturbation.apply(sentence, random.Random(seed))
        assert first != sentence
        assert first is None or first.strip()


@pytest.mark.parametrize("name", PERTURBATIONS)
@pytest.mark.parametrize("sentence", NOT_KOREAN)
def test_does_not_apply_where_there_is_no_korean_sentence(name: str, sentence: str) -> None:
    assert outputs(name, sentence) == set()


def test_which_perturbations_preserve_the_meaning() -> None:
    changing = {name for name, perturbation in PERTURBATIONS.items() if not perturbation.preserves_meaning}
    assert changing == {"negation_short", "negation_long", "number"}
    assert all(perturbation.name == name for name, perturbation in PERTURBATIONS.items())


def test_spacing_keeps_every_other_character() -> None:
    for name in ("spacing_join", "spacing_split"):
        for sentence in SENTENCES:
            for output in outputs(name, sentence):
                assert output.replace(" ", "") == sentence.replace(" ", "")


def test_word_order_keeps_the_words() -> None:
    for sentence in SENTENCES:
        for output in outputs("word_order", sentence):
            assert sorted(output.split()) == sorted(sentence.split())
