from dalmeum.korean.jamo import compose, decomposed, has_final, keystrokes


def test_every_syllable_survives_typing() -> None:
    syllables = "".join(chr(code) for code in range(ord("가"), ord("힣") + 1))
    assert compose(keystrokes(syllables)) == syllables
    assert keystrokes("값") == ["ㄱ", "ㅏ", "ㅂ", "ㅅ"]
    assert compose(list("ㄷㅏㄹㄱㅇㅣ")) == "닭이"
    assert compose(list("ㄷㅏㄹㄱㅣ")) == "달기"


def test_has_final() -> None:
    assert has_final("책")
    assert not has_final("나무")
    assert not has_final("")
    assert not has_final("A")


def test_decomposed_text_keeps_inflected_forms_alike() -> None:
    assert len(decomposed("각")) == 3
    assert decomposed("갔")[:2] == decomposed("가")
    assert decomposed("KTX") == "ktx"
