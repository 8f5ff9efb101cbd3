"""Twins of published encoders: their configurations, tables and kinds of tokenizer, at small hidden sizes.

The tokenizers are trained on the practice set's Korean, and all but XLM-R's filled up to the published size.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModel,
    BertTokenizer,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    XLMRobertaTokenizer,
    set_seed,
)
from transformers.models.auto.tokenization_auto import tokenizer_class_from_name

from dalmeum.data.practice import practice_tables

SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "initializer_range": 0.2,  # the usual 0.02 gives nearly one score to all pairs
}

CONFIGS: dict[str, dict[str, Any]] = {
    "klue/roberta-base": {
        "model_type": "roberta",
        "vocab_size": 32000,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "layer_norm_eps": 1e-5,
        "tokenizer_class": "BertTokenizer",
    },
    "klue/bert-base": {
        "model_type": "bert",
        "vocab_size": 32000,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "pad_token_id": 0,
    },
    "koelectra-small-v3": {
        "model_type": "electra",
        "vocab_size": 35000,
        "embedding_size": 16,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "pad_token_id": 0,
    },
    "kf-deberta-base": {
        "model_type": "deberta-v2",
        "vocab_size": 130000,
        "max_position_embeddings": 512,
        "type_vocab_size": 0,
        "pad_token_id": 0,
        "relative_attention": True,
        "max_relative_positions": -1,
        "position_biased_input": False,
        "position_buckets": 256,
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "norm_rel_ebd": "layer_norm",
        "layer_norm_eps": 1e-7,
    },
    "xlm-roberta-base": {
        "model_type": "xlm-roberta",
        "vocab_size": 250002,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "layer_norm_eps": 1e-5,
    },
    "modernbert-base": {
        "model_type": "modernbert",
        "vocab_size": 50368,
        "max_position_embeddings": 8192,
        "bos_token_id": 50281,
        "cls_token_id": 50281,
        "sep_token_id": 50282,
        "eos_token_id": 50282,
        "pad_token_id": 50283,
        "local_attention": 16,
        "global_attn_every_n_layers": 2,
    },
}
NAMES = tuple(CONFIGS)

_OF_KLUE = ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]")
_OF_BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_OF_XLM = ("<s>", "<pad>", "</s>", "<unk>")


def make_twin(name: str, folder: Path) -> str:
    """Write the twin of a published encoder into `folder`, as it would be downloaded."""
    values = {**CONFIGS[name]}
    config = AutoConfig.for_model(values.pop("model_type"), **values, **SMALL)
    set_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)
    TOKENIZERS[name]().save_pretrained(folder)
    return str(folder)


def _klue_roberta() -> PreTrainedTokenizerBase:
    tokenizer: PreTrainedTokenizerBase = BertTokenizer(
        vocab=_pieces(32000, _OF_KLUE),
        do_lower_case=False,
        bos_token="[CLS]",
        eos_token="[SEP]",
        model_max_length=512,
    )
    return tokenizer


def _bert(size: int) -> PreTrainedTokenizerBase:
    tokenizer: PreTrainedTokenizerBase = BertTokenizer(
        vocab=_pieces(size, _OF_BERT), do_lower_case=False, model_max_length=512
    )
    return tokenizer


def _koelectra() -> PreTrainedTokenizerBase:
    kind: Any = tokenizer_class_from_name("ElectraTokenizer")
    tokenizer: PreTrainedTokenizerBase = kind(
        vocab=_pieces(35000, _OF_BERT), do_lower_case=False, model_max_length=512
    )
    return tokenizer


def _xlm_roberta() -> PreTrainedTokenizerBase:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=4000, special_tokens=list(_OF_XLM), unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(_sentences(), trainer)
    learned = [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]
    # Not filled up to 250,002: reading those takes transformers seconds each time.
    result: PreTrainedTokenizerBase = XLMRobertaTokenizer(
        vocab=[*learned, ("<mask>", 0.0)], model_max_length=512
    )
    return result


def _modernbert() -> PreTrainedTokenizerBase:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=6000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(_sentences(), trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    vocabulary: dict[str, int] = learned["vocab"]
    vocabulary |= {f"unused{number}": number for number in range(len(vocabulary), 50280)}
    tokenizer.model = models.BPE(vocab=vocabulary, merges=[tuple(pair) for pair in learned["merges"]])
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    result: PreTrainedTokenizerBase = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=8192,
    )
    return result


TOKENIZERS: dict[str, Callable[[], PreTrainedTokenizerBase]] = {
    "klue/roberta-base": _klue_roberta,
    "klue/bert-base": lambda: _bert(32000),
    "koelectra-small-v3": _koelectra,
    "kf-deberta-base": lambda: _bert(130000),
    "xlm-roberta-base": _xlm_roberta,
    "modernbert-base": _modernbert,
}


def _pieces(size: int, special: Sequence[str]) -> dict[str, int]:
    """A WordPiece vocabulary that starts with `special` and is filled up to `size`."""
    learned = [token for token in _word_pieces() if token not in special]
    tokens = [*special, *learned]
    tokens += [f"[unused{number}]" for number in range(size - len(tokens))]
    return {token: number for number, token in enumerate(tokens)}


@cache
def _word_pieces() -> tuple[str, ...]:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        _sentences(), trainers.WordPieceTrainer(vocab_size=6000, show_progress=False)
    )
    return tuple(sorted(tokenizer.get_vocab()))


def _sentences() -> Iterator[str]:
    for table in practice_tables().values():
        yield from table.sentence1
        yield from table.sentence2
