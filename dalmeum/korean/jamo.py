"""Hangul as arithmetic: syllables, jamo, and the keystrokes of the 2-beolsik keyboard."""

import unicodedata
from collections.abc import Sequence

LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
TAILS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"  # index 0: no final consonant
FIRST_SYLLABLE = ord("가")
SYLLABLES = len(LEADS) * len(VOWELS) * len(TAILS)

# A compound jamo and the two keys that type it.
_COMPOUNDS = (
    "ㅘㅗㅏ ㅙㅗㅐ ㅚㅗㅣ ㅝㅜㅓ ㅞㅜㅔ ㅟㅜㅣ ㅢㅡㅣ "
    "ㄳㄱㅅ ㄵㄴㅈ ㄶㄴㅎ ㄺㄹㄱ ㄻㄹㅁ ㄼㄹㅂ ㄽㄹㅅ ㄾㄹㅌ ㄿㄹㅍ ㅀㄹㅎ ㅄㅂㅅ"
)
COMPOUNDS = {entry[0]: entry[1:] for entry in _COMPOUNDS.split()}
_COMPOUND_OF_KEYS = {keys: jamo for jamo, keys in COMPOUNDS.items()}


def is_syllable(character: str) -> bool:
    return 0 <= ord(character) - FIRST_SYLLABLE < SYLLABLES


def split_syllable(syllable: str) -> tuple[str, str, str]:
    """Lead, vowel and final consonant ("" where there is none) of one precomposed syllable."""
    lead, rest = divmod(ord(syllable) - FIRST_SYLLABLE, len(VOWELS) * len(TAILS))
    vowel, tail = divmod(rest, len(TAILS))
    return LEADS[lead], VOWELS[vowel], TAILS[tail].strip()


def join_syllable(lead: str, vowel: str, tail: str = "") -> str:
    index = (LEADS.index(lead) * len(VOWELS) + VOWELS.index(vowel)) * len(TAILS) + TAILS.index(tail or " ")
    return chr(FIRST_SYLLABLE + index)


def has_final(text: str) -> bool:
    """Whether the last character is a syllable that ends in a consonant (받침)."""
    return bool(text) and is_syllable(text[-1]) and split_syllable(text[-1])[2] != ""


def decomposed(text: str) -> str:
    """Lower-cased compatibility decomposition: 각 becomes three letters; inflected forms stay alike."""
    return unicodedata.normalize("NFKD", text.lower())


def keystrokes(text: str) -> list[str]:
    """The keys that type `text` on a 2-beolsik keyboard; characters that are not Hangul stay as they are."""
    keys: list[str] = []
    for character in text:
        jamos = split_syllable(character) if is_syllable(character) else (character,)
        for jamo in jamos:
            keys.extend(COMPOUNDS.get(jamo, jamo))
    return keys


def compose(keys: Sequence[str]) -> str:
    """What a 2-beolsik input method shows for `keys`; the inverse of `keystrokes` for whole syllables.

    A consonant between two vowels opens the next syllable; keys that fit nowhere stay single jamo.
    """
    text: list[str] = []
    at = 0

    def is_vowel(position: int) -> bool:
        return position < len(keys) and keys[position] in VOWELS

    def take_pair(position: int) -> tuple[str, int]:
        """The jamo at `position`, a compound where the next key makes one, and where to go on."""
        pair = _COMPOUND_OF_KEYS.get("".join(keys[position : position + 2]))
        return (pair, position + 2) if pair else (keys[position], position + 1)

    while at < len(keys):
        if keys[at] in LEADS and is_vowel(at + 1):
            lead = keys[at]
            vowel, at = take_pair(at + 1)
            tail = ""
            if at < len(keys) and keys[at] in TAILS.strip() and not is_vowel(at + 1):
                tail, after = take_pair(at)
                if is_vowel(after):
                    tail, after = keys[at], at + 1
                at = after
            text.append(join_syllable(lead, vowel, tail))
        elif is_vowel(at):
            vowel, at = take_pair(at)
            text.append(vowel)
        else:
            text.append(keys[at])
            at += 1
    return "".join(text)
