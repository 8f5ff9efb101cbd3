"""How a model is used, as its card shows it: lines of Python."""

from typing import TYPE_CHECKING

from dalmeum.models.offline import OFFLINE_TYPES

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

EXAMPLE = '[("비가 온다.", "비가 내린다."), ("비가 온다.", "학교에 간다.")]'


def kind_of(scorer: "PairScorer") -> str:
    """One of `KINDS`."""
    from dalmeum.models.bi import BiEncoder
    from dalmeum.models.ensemble import Ensemble

    if scorer.own_kind is not None:
        return "own"
    if isinstance(scorer.model, Ensemble | BiEncoder):
        return "ensemble" if isinstance(scorer.model, Ensemble) else "bi"
    return "offline" if scorer.model.config.model_type in OFFLINE_TYPES else "cross"


def library_code(kind: str, scorer: "PairScorer", repo: str) -> str:
    """How sentence-transformers alone comes to the same scores; nothing where it can't."""
    low, high = scorer.label_range
    if kind == "bi":
        slope, intercept = (value.item() for value in (scorer.model.slope, scorer.model.intercept))  # type: ignore[union-attr, operator]
        return "\n".join(
            [
                "from sentence_transformers import SentenceTransformer",
                "",
                f'model = SentenceTransformer("{repo}")',
                f"pairs = {EXAMPLE}",
                "first, second = (model.encode(list(side)) for side in zip(*pairs))",
                f"scores = {slope!r} * model.similarity_pairwise(first, second) + {intercept!r}",
                "print(scores)",
            ]
        )
    if kind != "cross":
        return ""
    column = "[:, 0]" if scorer.columns > 1 else ""
    line = f"model.predict(pairs){column}"
    if scorer.swap:
        line = f"({line} + model.predict([pair[::-1] for pair in pairs]){column}) / 2"
    if scorer.sigmoid:
        line = f"{low:g} + {high - low:g} * {line}"
    return "\n".join(
        [
            "from sentence_transformers import CrossEncoder",
            "",
            f'model = CrossEncoder("{repo}")',
            f"pairs = {EXAMPLE}",
            f"scores = {line}",
            "print(scores)",
        ]
    )


def dalmeum_code(kind: str, repo: str) -> str:
    trust = ", trust_code=True" if kind == "own" else ""
    return "\n".join(
        [
            "import dalmeum",
            "from huggingface_hub import snapshot_download",
            "",
            f'model = dalmeum.load(snapshot_download("{repo}"){trust})',
            f"print(model.score({EXAMPLE}))",
        ]
    )
