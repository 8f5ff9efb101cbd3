"""A tokenizer of the library `tokenizers`, as its JSON has it, with fewer pieces."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dalmeum.models.pretrained import unusable

State = dict[str, Any]
"""The JSON of a whole tokenizer."""

SPACE = "\u2581"
CONTINUED = "##"


def numbered(state: State) -> dict[str, int]:
    """Every token to its number: the model's pieces, and those that were added."""
    vocabulary = state["model"]["vocab"]
    pieces = {piece: row for row, (piece, _) in enumerate(vocabulary)} if _unigram(state) else vocabulary
    return {**pieces, **{added["content"]: added["id"] for added in state["added_tokens"]}}


def check_kind(name: str, state: State) -> None:
    """Raise `InputError` for a tokenizer that cuts a text otherwise when pieces go that it does not use.

    Of unigrams the likeliest of all cuts is the likeliest of fewer, too, and WordPiece takes the longest
    piece that there is; BPE would lose merges, by which it cuts other words as well.
    """
    kind = state["model"]["type"]
    if kind not in ("Unigram", "WordPiece"):
        raise unusable(
            name, f"its vocabulary can't be trimmed: its tokenizer is {kind}, not Unigram or WordPiece"
        )


def always_kept(state: State) -> Iterator[str]:
    """Tokens that no text need hold: special ones, bytes, and what the cost of the unknown is counted from.

    SentencePiece's unigram model lets an unknown character cost 10 more than its least likely piece.
    """
    yield from (added["content"] for added in state["added_tokens"])
    model = state["model"]
    if _unigram(state):
        vocabulary = model["vocab"]
        yield min(vocabulary, key=lambda entry: float(entry[1]))[0]
        yield from (piece for piece, _ in vocabulary if piece == SPACE or _is_byte(piece))
        if model.get("unk_id") is not None:
            yield vocabulary[model["unk_id"]][0]
    else:
        yield model["unk_token"]


def letters_of(pieces: Collection[str]) -> set[str]:
    """What pieces of one letter may look like that spell the same text."""
    letters = {letter for piece in pieces for letter in piece.removeprefix(CONTINUED)}
    return {f"{before}{letter}" for letter in letters for before in ("", SPACE, CONTINUED)}


def with_pieces(state: State, kept: Collection[str]) -> tuple[State, list[int]]:
    """The tokenizer with `kept` pieces alone, and their old numbers, ascending, by the new ones."""
    numbers = numbered(state)
    rows = sorted({number for token, number in numbers.items() if token in kept})
    new = {row: place for place, row in enumerate(rows)}
    model = dict(state["model"])
    if _unigram(state):
        model["vocab"] = [entry for row, entry in enumerate(model["vocab"]) if row in new]
        if model.get("unk_id") is not None:
            model["unk_id"] = new[model["unk_id"]]
    else:
        pieces = sorted((row, piece) for piece, row in model["vocab"].items() if row in new)
        model["vocab"] = {piece: new[row] for row, piece in pieces}
    added = [{**token, "id": new[token["id"]]} for token in state["added_tokens"]]
    trimmed = {**state, "model": model, "added_tokens": added, "padding": None, "truncation": None}
    return {**trimmed, "post_processor": _renumbered(state["post_processor"], new)}, rows


def _renumbered(processor: Any, new: Mapping[int, int]) -> Any:
    """A post-processor with its special tokens' new numbers."""
    if not processor:
        return processor
    match processor["type"]:
        case "Sequence":
            return {**processor, "processors": [_renumbered(each, new) for each in processor["processors"]]}
        case "TemplateProcessing":
            tokens = {
                name: {**token, "ids": [new[row] for row in token["ids"]]}
                for name, token in processor["special_tokens"].items()
            }
            return {**processor, "special_tokens": tokens}
        case "BertProcessing" | "RobertaProcessing":
            ends = {end: [processor[end][0], new[processor[end][1]]] for end in ("sep", "cls")}
            return {**processor, **ends}
    return processor


def _unigram(state: State) -> bool:
    return bool(state["model"]["type"] == "Unigram")


def _is_byte(piece: str) -> bool:
    return len(piece) == 6 and piece.startswith("<0x")
