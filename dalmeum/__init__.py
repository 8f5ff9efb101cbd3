"""dalmeum: semantic textual similarity, trained on the metric and judged with statistics."""

from pathlib import Path
from typing import TYPE_CHECKING

from dalmeum.models.registration import register_offline

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

__all__ = ["load"]
__version__ = "0.1.0"

register_offline()


def load(
    run: str | Path,
    precision: str = "auto",
    output: str | Path = "runs",
    *,
    trust_code: bool = False,
) -> "PairScorer":
    """The scorer of a run (its folder, or its id under `output`), or of a model folder.

    Args:
        run: e.g. `runs/20260102-030405-korsts-offline`, or the id alone.
        precision: what the encoder computes in: `auto` (bfloat16 where the processor is good at it),
            `float32`, `bfloat16` or `float16`. The head computes in float32 always.
        output: the folder of runs in which an id is looked up.
        trust_code: run the code that a model of an own kind names; without, such a model is refused.

    Raises:
        dalmeum.errors.InputError: no such run, not finished, or its model can't be read.

    Example:
        >>> scores = dalmeum.load("runs/<id>").score([("비가 온다.", "비가 내린다.")])  # doctest: +SKIP
    """
    from dalmeum.experiments.runs import load as load_scorer

    return load_scorer(run, precision, output, trust_code=trust_code)
