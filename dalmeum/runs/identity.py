"""What a run is, in a word: the same for all that come to the same result, or are of the same idea."""

import hashlib
import json

from dalmeum.data.splits import PairReader, read_splits
from dalmeum.recipe import Recipe
from dalmeum.runs.contents import Contents
from dalmeum.runs.data import data_files
from dalmeum.runs.folder import Run
from dalmeum.runs.reuse import idea_key, run_key


def content_hash(run: Run) -> str:
    """Of all that decides the run's result. Errors as in `Run.recipe`."""
    return _hash(run_key(run.recipe(), run.record.data, _code_of(run)), _contents_of(run))


def idea_hash(run: Run) -> str:
    """The same for all seeds, and parts of a pool, of an idea. Errors as in `Run.recipe`."""
    return _hash(idea_key(run.recipe(), run.record.data, _code_of(run)), _contents_of(run))


def idea_hash_of(recipe: Recipe, reader: PairReader) -> str:
    """`idea_hash` of a run that is to be. Errors as in `read_splits`, `data_files` and `Contents.of`."""
    files = data_files(recipe, read_splits(recipe, reader))
    return _hash(idea_key(recipe, files), Contents.of(recipe))


def _code_of(run: Run) -> dict[str, str]:
    """The run's own code; what of it is not known is like no other run's, whenever it is asked."""
    unknown = f"of {run.id}, {run.record.created}"
    return {name: digest or unknown for name, digest in run.record.code.items()}


def _contents_of(run: Run) -> Contents:
    return Contents(run.record.encoder, run.record.training_version)


def _hash(key: str, contents: Contents) -> str:
    values = [key, contents.encoder, contents.training_version]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
