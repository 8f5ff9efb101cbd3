"""Traces that a wrong encoding, a web page or a Mac left in a text."""

import html.entities
import re
from collections.abc import Mapping, Sequence

from dalmeum.languages import Text

# Latin-1 and what Windows-1252 puts in place of its control characters: how bytes look in the wrong hands.
_WESTERN = "\x80-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_WESTERN_RUN = re.compile(f"[{_WESTERN}]{{2,}}")
_HANGUL = re.compile("[가-힣]")
# No Chinese characters: "é”…" are the bytes of one.
_RESTORED = re.compile("[\xa0-\xff\u2010-\u203a가-힣]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Not the joiners U+200C and U+200D, which emoji and some scripts need.
_INVISIBLE = re.compile(
    "[\xad\u061c\u115f\u1160\u180e\u2800\u3164\uffa0\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\ufeff]"
)
_DECOMPOSED = re.compile("[\u1100-\u1112][\u1161-\u1175]")
# One of these is in whatever is odd. Text in the wrong encoding has Hanja, or syllables that hardly any word
# has: all but the 2,350 of KS X 1001.
_RARE = "".join(chr(code) for code in range(0xAC00, 0xD7A4) if not chr(code).encode("euc_kr", "ignore"))
_SUSPECT = re.compile(
    f"[&\ufffd{_WESTERN}{_CONTROL.pattern[1:-1]}{_INVISIBLE.pattern[1:-1]}\u1100-\u1112"
    f"\u3400-\u9fff\uf900-\ufaff{_RARE}]"
)

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z]{2,8}));")

ODDITIES: Mapping[str, Text] = {
    "replacement_character": Text(
        "with U+FFFD, where a character was lost", "글자가 사라진 자리(U+FFFD)가 있는"
    ),
    "mojibake": Text("with text that was read in the wrong encoding", "잘못된 인코딩으로 읽은 글이 있는"),
    "decomposed_hangul": Text(
        "with Hangul decomposed into jamo (NFD), which tokenizers don't know; normalise to NFC",
        "토크나이저가 모르는, 자모로 풀린 한글(NFD. NFC로 바꾸세요)이 있는",
    ),
    "control_character": Text("with control characters", "제어 문자가 있는"),
    "invisible_character": Text(
        "with zero-width or direction characters", "폭이 없는 문자나 방향 문자가 있는"
    ),
    "html_entity": Text("with HTML entities such as &amp;", "&amp; 같은 HTML 엔티티가 있는"),
}
"""Kind of oddity to what is said of a pair that shows it."""


def odd_rows(sentence1: Sequence[str], sentence2: Sequence[str]) -> dict[str, list[int]]:
    """The pairs, from row 0, that show each kind of oddity."""
    found: dict[str, list[int]] = {kind: [] for kind in ODDITIES}
    for row, pair in enumerate(zip(sentence1, sentence2, strict=True)):
        suspects = [text for text in pair if _SUSPECT.search(text)]
        for kind in {kind for text in suspects for kind in oddities(text)}:
            found[kind].append(row)
    return found


def oddities(text: str) -> list[str]:
    """The kinds, out of `ODDITIES`, that `text` shows."""
    if text.isascii():
        # What most of an English set is: two patterns are enough.
        kinds = ["control_character"] if _CONTROL.search(text) else []
        return [*kinds, "html_entity"] if "&" in text and _has_entity(text) else kinds
    found = {
        "replacement_character": "\ufffd" in text,
        "mojibake": is_mojibake(text),
        "decomposed_hangul": bool(_DECOMPOSED.search(text)),
        "control_character": bool(_CONTROL.search(text)),
        "invisible_character": bool(_INVISIBLE.search(text)),
        "html_entity": "&" in text and _has_entity(text),
    }
    kinds = [kind for kind, shows in found.items() if shows]
    # The control characters of a mojibake are its bytes, not a second finding.
    return [kind for kind in kinds if kind != "control_character"] if "mojibake" in kinds else kinds


def is_mojibake(text: str) -> bool:
    """Whether `text` holds UTF-8 read as Latin-1, Windows-1252 or CP949, or CP949 read as Latin-1."""
    return any(_western_mojibake(run[0]) for run in _WESTERN_RUN.finditer(text)) or _utf8_as_cp949(text)


def _western_mojibake(run: str) -> bool:
    data = bytes(ord(c) if ord(c) < 0x100 else c.encode("cp1252")[0] for c in run)
    if _RESTORED.fullmatch(_decoded(data, "utf-8")):
        return True
    # Two different syllables at least: a row of middle dots would be one, over and over. And only the common
    # ones, of KS X 1001: CP949 fills the other codes with rare syllables, and any accented letters are one.
    korean = _HANGUL.findall(_decoded(data, "euc_kr"))
    return len(set(korean)) >= 2 and 2 * len(korean) == len(data)


def _utf8_as_cp949(text: str) -> bool:
    # Bytes of Hangul as CP949 can look like one syllable of UTF-8 by chance; hardly like three, and then not
    # for most of the text.
    data = text.encode("cp949", "ignore")
    if not re.search(b"[\xea-\xed]", data):
        return False
    syllables = _HANGUL.findall(data.decode("utf-8", "ignore"))
    foreign = sum(byte >= 0x80 for byte in data)
    return len(set(syllables)) >= 3 and 3 * len(syllables) >= 0.6 * foreign


def _decoded(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return ""


def _has_entity(text: str) -> bool:
    return any(found[1] is None or f"{found[1]};" in html.entities.html5 for found in _ENTITY.finditer(text))
