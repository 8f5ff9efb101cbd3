"""Long sentences are cut where nobody sees it, before pairs of their parts fill the memory."""

import random
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from dalmeum.models.long_sentences import cut

LETTERS = "abcdefg 가나다라한글.,!\u1112\u1161\u11ab😀é"


def text(seed: int, length: int, letters: str = LETTERS) -> str:
    drawn = random.Random(seed)
    return "".join(drawn.choices(letters, k=length))


def tokenizer(kind: str, most: int, side: str) -> Tokenizer:
    corpus = [text(seed, 200) for seed in range(40)]
    special = ["[UNK]"]
    trainer: Any
    if kind == "wordpiece":
        made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        made.normalizer = normalizers.BertNormalizer()
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=80, special_tokens=special, show_progress=False)
    elif kind == "bytes":
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel()
        trainer = trainers.BpeTrainer(vocab_size=300, show_progress=False)
    else:
        made = Tokenizer(models.Unigram())
        made.normalizer = normalizers.NFKC()
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=80, special_tokens=special, unk_token="[UNK]", show_progress=False
        )
    made.train_from_iterator(corpus, trainer)
    made.enable_truncation(most, strategy="longest_first", direction=side)
    return made


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("most", [8, 64])
@pytest.mark.parametrize("kind", ["wordpiece", "bytes", "unigram"])
def test_pairs_are_encoded_as_they_were(kind: str, most: int, side: str) -> None:
    made = tokenizer(kind, most, side)
    length = 20 * most + 400
    sentences = ["", "a", " " * length, "a" * length, "a" * length + " b" * length]
    sentences += [text(seed, length, LETTERS.replace(" ", "").replace(".,!", "")) for seed in range(3)]
    sentences += [text(seed, length) for seed in range(3)]

    def alone(long: list[str]) -> Any:
        return made.encode_batch(long, add_special_tokens=False)

    shorter = cut(sentences, most, alone, side)
    assert [len(each) for each in shorter] != [len(each) for each in sentences]
    for one, two, first, second in zip(
        sentences, reversed(sentences), shorter, reversed(shorter), strict=True
    ):
        assert made.encode(first, second).ids == made.encode(one, two).ids

    def parts(one: str, two: str) -> int:
        return len(made.encode(one, two).overflowing)

    assert parts(*shorter[-2:]) * 2 < parts(*sentences[-2:])


def test_short_ones_are_not_encoded() -> None:
    def never(long: list[str]) -> Any:
        raise AssertionError(long)

    assert cut(["a" * 16, ""], 8, never) == ["a" * 16, ""]
