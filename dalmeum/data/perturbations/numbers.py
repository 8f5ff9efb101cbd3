"""Another number in the same place: 3월 -> 5월, 두 명 -> 세 명."""

import random
import re

from dalmeum.korean.morphemes import splice

# Units after which a number may be changed without touching a particle, with the largest that makes sense.
_LARGEST = {"시간": 48, "시": 12, "분": 59, "초": 59, "월": 12, "일": 28, "학년": 6, "퍼센트": 100, "%": 100}
_UNITS = (
    *_LARGEST,
    *(
        "개월",
        "개",
        "년",
        "명",
        "층",
        "번",
        "회",
        "장",
        "권",
        "대",
        "마리",
        "살",
        "세",
        "만",
        "억",
        "천",
        "원",
    ),
    *(
        "주",
        "병",
        "잔",
        "그릇",
        "위",
        "점",
        "차",
        "호",
        "곳",
        "가지",
        "배",
        "팀",
        "골",
        "박",
        "인분",
        "인",
        "평",
    ),
    *("미터", "킬로", "그램", "km", "kg", "cm", "m", "g", "도", "쪽", "포인트", "달러", "승", "패", "경기"),
)
_FIGURE = re.compile(rf"(?<![\d.,:/~-])(\d{{1,3}}(?:,\d{{3}})+|\d+)(?= ?({'|'.join(_UNITS)}))")
_NATIVE = ("한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열")
_COUNTERS = (
    "명|개|마리|번|시|시간|살|잔|장|권|대|달|가지|병|그릇|송이|곳|군데|켤레|벌|채|통|봉지|줄|판|팀|배|쪽|편"
)
# 네 may also mean "your", so it is taken for a number only before a counter.
_NATIVE_NUMBER = re.compile(
    rf"(?<!\S)(?:({'|'.join(_NATIVE)})(?= (?:{_COUNTERS})(?![가-힣]|$)|"
    rf" (?:{_COUNTERS})(?:[이가은는을를의도만에]|으로|로|에서|까지|부터|씩)(?:[ .,!?]|$))"
    r"|(한|두|세)(?= (?:사람|남자|여자|남성|여성|아이|소년|소녀|학생)(?:[이가은는을를의]|들이|들은)? ))"
)

# 두 명의 학생들: one can't take the place of two.
_PLURAL = re.compile(r" \S+(?: \S+)?들")


def change_number(sentence: str, rng: random.Random) -> str | None:
    """Change one number that counts something; ordinals, decimals, times and codes are left alone."""
    found = [*_FIGURE.finditer(sentence), *_NATIVE_NUMBER.finditer(sentence)]
    if not found:
        return None
    match = rng.choice(found)
    if match.re is _NATIVE_NUMBER:
        number: str | None = _other_native(match.group(), sentence[match.end() :], rng)
    else:
        number = _other_figure(match.group(1), match.group(2), rng)
    return None if number is None else splice(sentence, match.start(), match.end(), number)


def _other_native(word: str, rest: str, rng: random.Random) -> str:
    at = _NATIVE.index(word)
    fewest = 1 if _PLURAL.match(rest) else 0
    near = [other for other in range(max(fewest, at - 2), min(len(_NATIVE), at + 3)) if other != at]
    return _NATIVE[rng.choice(near)]


def _other_figure(figure: str, unit: str, rng: random.Random) -> str | None:
    """A number near by: within a fifth (two where that is less), as round as the first."""
    number = int(figure.replace(",", ""))
    if number == 0:
        return None
    zeros = len(figure) - len(figure.rstrip("0"))
    is_year = unit == "년" and number > 1000
    step = 1 if is_year else 10**zeros
    reach = 3 if is_year else max(2, number // step // 5)
    choices = [
        number + steps * step
        for steps in range(-reach, reach + 1)
        if steps and 0 < number + steps * step <= _LARGEST.get(unit, 10**12)
    ]
    if not choices:
        return None
    other = rng.choice(choices)
    return f"{other:,}" if "," in figure else str(other)
