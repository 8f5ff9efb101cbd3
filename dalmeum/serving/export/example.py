"""The program that lies beside an exported model: all that it takes to use it."""

from collections.abc import Sequence

from dalmeum.serving.export.runtime import Settings

PROGRAM = '''\
"""python example.py "A cat sleeps." "A dog barks." [GRAPH]  (needs onnxruntime>=1.23, tokenizers, numpy)"""
import pathlib, sys, unicodedata
import numpy, onnxruntime, tokenizers

graphs = ["{graph}"] if __name__ != "__main__" else sys.argv[3:] or ["{graph}"]
if __name__ == "__main__" and (len(sys.argv) < 3 or graphs not in {choices}):
    sys.exit("give two sentences, each in quotes, and perhaps which graph: {graphs}")
here = pathlib.Path(__file__).parent
tokenizer = tokenizers.Tokenizer.from_file(str(here / "tokenizer.json"))
session = onnxruntime.InferenceSession(str(here / graphs[0]))

def score(pairs):
    """Similarities on {low:g} to {high:g}, which may be a little beyond; as many as there are pairs."""
    pairs = [[unicodedata.normalize("NFC", text) for text in pair] for pair in pairs]
    encoded = tokenizer.encode_batch({texts})
    values = {{"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}}
    names = [each.name for each in session.get_inputs()]
    inputs = {{name: numpy.array([getattr(row, values[name]) for row in encoded], "int64") for name in names}}
    return session.run(["score"], {{name: rows.reshape({shape}) for name, rows in inputs.items()}})[0]

if __name__ == "__main__":
    print({printed})
'''

TEXTS = {
    "cross": "[tuple(pair) for pair in pairs]",
    "bi": "[{prompt!r} + text for pair in pairs for text in pair]",
}
SHAPE = {"cross": "len(pairs), -1", "bi": "len(pairs), 2, -1"}


def example(settings: Settings, graphs: Sequence[str]) -> str:
    """Its text, for a model of these settings and its graphs, of which it uses the first by itself."""
    low, high = settings.label_range
    printed = "score([sys.argv[1:3]])[0]"
    if settings.swap:
        printed = "(score([sys.argv[1:3]])[0] + score([sys.argv[2:0:-1]])[0]) / 2"
    texts = TEXTS[settings.kind].format(prompt=settings.prompt)
    return PROGRAM.format(
        graph=graphs[0],
        graphs=" or ".join(graphs),
        choices=[[each] for each in graphs],
        low=low,
        high=high,
        texts=texts,
        shape=SHAPE[settings.kind],
        printed=printed,
    )
