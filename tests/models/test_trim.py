"""A trimmed vocabulary: texts whose pieces are kept have the same scores; of others, the share is told."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoTokenizer,
    PreTrainedTokenizerFast,
    set_seed,
)

from dalmeum.data.practice import practice_tables, write_practice
from dalmeum.errors import InputError
from dalmeum.models.bi import new_bi_encoder
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.encoders.coverage import coverage
from dalmeum.models.encoders.pieces import always_kept, letters_of, with_pieces
from dalmeum.models.encoders.trim import trim_encoder
from dalmeum.models.kinds import load_scorer
from dalmeum.models.pretrained import locate_encoder
from dalmeum.models.scorer import PairScorer
from tests.cli.test_commands import call
from tests.models.twins import SMALL, TOKENIZERS, make_twin


def practice(split: str, rows: slice) -> list[tuple[str, str]]:
    table = practice_tables()[split]  # type: ignore[index] # any split
    return list(zip(table.sentence1, table.sentence2, strict=True))[rows]


def texts_of(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [text for pair in pairs for text in pair]


def pieces_of(folder: str | Path, text: str) -> list[str]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return list(tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"]))


def scorer_of(kind: str, encoder: str) -> PairScorer:
    if kind == "bi":
        return PairScorer(*new_bi_encoder(encoder, num_labels=1, max_length=64, label_range=(0.0, 5.0)))
    return PairScorer(*new_cross_encoder(encoder, num_labels=1, max_length=64, seed=1))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("xlm-roberta-base", "cross"), ("xlm-roberta-base", "bi"), ("klue/roberta-base", "cross")],
)
def test_scores_are_the_same_on_all_texts_whose_pieces_are_kept(name: str, kind: str, tmp_path: Path) -> None:
    full = tmp_path / "full"
    scorer_of(kind, make_twin(name, tmp_path / "twin")).save(full)
    needed, others = practice("train", slice(0, 100)), practice("train", slice(100, 400))
    done = trim_encoder(str(full), texts_of(needed), tmp_path / "small")
    before, after = done.pieces
    assert after < before / 2
    assert done.weights[1] < done.weights[0]
    assert len({path.stat().st_mode for path in (tmp_path / "small").iterdir() if path.is_file()}) == 1
    kept = set(AutoTokenizer.from_pretrained(tmp_path / "small").get_vocab())
    tokenizer = AutoTokenizer.from_pretrained(full)
    same = [pair for pair in others if all(set(tokenizer.tokenize(text)) <= kept for text in pair)]
    assert 5 < len(same) < len(others)
    pairs = [*needed, *same]
    expected = load_scorer(full, "float32").score(pairs)
    assert np.ptp(expected) > 0.01
    found = load_scorer(tmp_path / "small", "float32").score(pairs)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_the_prompts_of_an_encoder_are_kept(installed: Path, tmp_path: Path) -> None:
    """Of e5's, which stand before every text, and are in none."""
    texts = ["한 남자가 뛴다.", "두 여자가 노래한다."]
    full = locate_encoder("package:e5/full")
    done = trim_encoder("package:e5/full", texts, tmp_path / "small")
    assert done.pieces[1] < 100
    expected, found = (
        SentenceTransformer(str(folder), device="cpu").encode(texts) for folder in (full, done.folder)
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    row = AutoTokenizer.from_pretrained(done.folder)("query: 한")["input_ids"]
    assert AutoTokenizer.from_pretrained(done.folder).unk_token_id not in row


def state_of(vocabulary: list[tuple[str, float]]) -> dict[str, Any]:
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    found: dict[str, Any] = json.loads(tokenizer.to_str())
    return found


def test_what_is_unknown_costs_as_much_as_before() -> None:
    """`a bc` is -30, and `ab` with c unknown -3 - (20 + 10); without `z` it would be -3 - (15 + 10)."""
    entries = [("<unk>", 0.0), ("a", -15.0), ("bc", -15.0), ("ab", -3.0), ("z", -20.0), ("y", -19.0)]
    state = state_of(entries)
    needed = {"a", "bc", "ab"}
    kept = {*needed, *letters_of(needed), *always_kept(state)}
    trimmed, rows = with_pieces(state, kept)
    assert rows == [0, 1, 2, 3, 4]
    for each in (state, trimmed):
        assert Tokenizer.from_str(json.dumps(each)).encode("abc").tokens == ["a", "bc"]
    without, _ = with_pieces(state, needed | {"<unk>"})
    assert Tokenizer.from_str(json.dumps(without)).encode("abc").tokens == ["ab", "c"]


def test_rows_and_numbers_go_together(tmp_path: Path) -> None:
    """Special tokens at both ends of the table, a language model's head, and files with the old numbers."""
    full = Path(make_twin("xlm-roberta-base", tmp_path / "full"))
    config = AutoConfig.from_pretrained(full)
    set_seed(0)
    model = AutoModelForMaskedLM.from_config(config)
    torch.nn.init.normal_(model.lm_head.bias)
    model.save_pretrained(full)
    (full / "sentencepiece.bpe.model").write_bytes(b"the old vocabulary")
    (full / "LICENSE").write_text("MIT")
    text = "한 남자가 <mask> 친다."
    done = trim_encoder(str(full), [text], tmp_path / "small")
    small = done.folder
    assert not list(small.glob("*.bpe.model"))
    assert (small / "LICENSE").read_text() == "MIT"
    old, new = (AutoTokenizer.from_pretrained(each) for each in (full, small))
    assert new.mask_token_id == len(new) - 1 == done.pieces[1] - 1
    assert old.mask_token_id == len(old) - 1
    written = json.loads((small / "config.json").read_text())
    assert written["vocab_size"] == len(new)
    assert [written[f"{each}_token_id"] for each in ("bos", "pad", "eos")] == [0, 1, 2]
    rows = [old.get_vocab()[token] for token, _ in sorted(new.get_vocab().items(), key=lambda each: each[1])]
    with torch.no_grad():
        expected, found = (
            AutoModelForMaskedLM.from_pretrained(folder).eval()(**tokenizer(text, return_tensors="pt")).logits
            for folder, tokenizer in ((full, old), (small, new))
        )
    torch.testing.assert_close(found, expected[..., rows], rtol=0, atol=1e-6)


def test_a_text_outside_tells_its_share_of_unknown_pieces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = make_twin("xlm-roberta-base", tmp_path / "full")
    inside = ["남자가 밥을 먹는다"]
    trim_encoder(full, inside, tmp_path / "small")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "small")
    assert coverage(tokenizer, inside).unknown == 0
    outside = coverage(tokenizer, ["남자가 쿵 뛴다"])
    row = tokenizer("남자가 쿵 뛴다", add_special_tokens=False)["input_ids"]
    assert outside.unknown == row.count(tokenizer.unk_token_id) / len(row) > 0
    data = write_practice(tmp_path / "practice")["dev"]
    assert call("check", str(data), "--encoder", str(tmp_path / "small"), "--json") == 1
    (found,) = (
        each for each in json.loads(capsys.readouterr().out)["findings"] if each["kind"] == "vocabulary"
    )
    assert found["severity"] == "problem"
    assert "of the tokens are unknown to it" in found["message"]


def test_what_can_t_be_trimmed(tmp_path: Path) -> None:
    bpe = make_twin("modernbert-base", tmp_path / "bpe")
    with pytest.raises(InputError, match="can't be trimmed: its tokenizer is BPE, not Unigram or WordPiece"):
        trim_encoder(bpe, ["가"], tmp_path / "small")
    full = make_twin("klue/bert-base", tmp_path / "full")
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="there: is there already: choose another place for the output"):
        trim_encoder(full, ["가"], tmp_path / "there")
    with pytest.raises(InputError, match="is what is read here"):
        trim_encoder(full, ["가"], Path(full, "inside"))
    with pytest.raises(InputError, match=r"is no model folder: config\.json is missing"):
        trim_encoder(str(tmp_path / "there"), ["가"], tmp_path / "small")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written: a file stands where a folder is needed"):
        trim_encoder(full, ["가"], tmp_path / "file" / "small")
    assert {path.name for path in tmp_path.iterdir()} == {"bpe", "full", "there", "file"}


def test_tokens_without_a_row_are_refused(tmp_path: Path) -> None:
    full = Path(make_twin("xlm-roberta-base", tmp_path / "full"))
    tokenizer: Any = TOKENIZERS["klue/bert-base"]()
    small = AutoConfig.for_model("bert", vocab_size=1000, pad_token_id=0, **SMALL)
    AutoModel.from_config(small).save_pretrained(full)
    (full / "tokenizer.json").unlink()
    tokenizer.save_pretrained(full)
    with pytest.raises(InputError, match="the tokenizer has tokens up to"):
        trim_encoder(str(full), ["가나다 남자가 노래를 부른다"], tmp_path / "small")
    assert not (tmp_path / "small").exists()


def test_word_pieces_may_go_on_with_other_signs(tmp_path: Path) -> None:
    """Which are not `##`."""
    vocabulary = {"[UNK]": 0, "[PAD]": 1, "ab": 2, "@@c": 3, "@@d": 4}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", continuing_subword_prefix="@@"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
    config = AutoConfig.for_model("bert", vocab_size=5, pad_token_id=1, **SMALL)
    AutoModel.from_config(config).save_pretrained(tmp_path / "full")
    tokenizer.save_pretrained(tmp_path / "full")
    done = trim_encoder(str(tmp_path / "full"), ["abc"], tmp_path / "small")
    assert done.pieces == (5, 4)
    assert pieces_of(tmp_path / "small", "abc abd") == ["ab", "@@c", "[UNK]"]


def test_the_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_twin("xlm-roberta-base", here / "full")
    Path("pairs.csv").write_text("sentence1,sentence2,score\n남자가 뛴다,여자가 뛴다,80\n", encoding="utf-8")
    Path("more.txt").write_text("강아지가 밥을 먹는다\n\n", encoding="utf-8")
    assert call("encoder", "trim", "full", "pairs.csv", "--lines", "more.txt", "-o", "small", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["out"], told["texts"]) == ("full", "small", 4)
    assert told["pieces"]["before"] > 2000 > 200 > told["pieces"]["after"]
    assert told["bytes"]["before"] > told["bytes"]["after"] == Path("small/model.safetensors").stat().st_size
    assert "<unk>" not in pieces_of("small", "강아지가 먹는다")
    assert call("encoder", "trim", "full", "pairs.csv", "-o", "other") == 0
    assert "dalmeum check FILE --encoder other" in capsys.readouterr().out
    assert call("encoder", "trim", "full", "pairs.csv", "-o", "other") == 2
    assert call("encoder", "trim", "full", "none.csv", "-o", "third") == 2
    assert "none.csv: no such file" in capsys.readouterr().err
