"""Each oddity is recognised, and ordinary text in many scripts is not."""

import unicodedata

import pytest

from dalmeum.data.oddities import is_mojibake, oddities


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("깨진 \ufffd 글자", ["replacement_character"]),
        (unicodedata.normalize("NFD", "안녕"), ["decomposed_hangul"]),
        ("Treasury\x12s plan", ["control_character"]),
        ("재미있게 봤어요.\u200b", ["invisible_character"]),
        ("\ufeff처음", ["invisible_character"]),
        ("Forex &amp; Gold", ["html_entity"]),
        ("그는 &#44032;고 &quot;왔다&quot;", ["html_entity"]),
        ("ì\x95\x88ë\x85\x95", ["mojibake"]),
        ("\x12 &lt;b&gt;", ["control_character", "html_entity"]),
    ],
)
def test_oddities(text: str, kinds: list[str]) -> None:
    assert oddities(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "한 남자가 기타를 친다.",
        "ㅋㅋㅋ ㅠㅠ 대박······. 개잼개잼개잼",
        "大韓民國 漢字",
        "Éàèê “café”… déjà‑vu — naïve",
        "👨‍👩‍👧 가족",
        "정말 감동\u119e 발레리노",
        "AT&T; R&D; a && b; &unknown;",
        "줄\n바꿈\t탭",
        "",
    ],
)
def test_ordinary_text(text: str) -> None:
    assert oddities(text) == []


@pytest.mark.parametrize(
    ("written", "read"), [("utf-8", "latin-1"), ("utf-8", "cp1252"), ("utf-8", "cp949"), ("cp949", "latin-1")]
)
def test_every_wrong_reading_is_mojibake(written: str, read: str) -> None:
    # As browsers do, the bytes that Windows-1252 leaves open become control characters.
    data = "가나다 라마바사 가나다 비행기".encode(written)
    if read == "cp1252":
        text = "".join(
            bytes([b]).decode("cp1252" if b not in b"\x81\x8d\x8f\x90\x9d" else "latin-1") for b in data
        )
    else:
        text = data.decode(read, "ignore")
    assert is_mojibake(text)
