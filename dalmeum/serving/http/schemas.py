"""What requests hold, and what answers do."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from dalmeum.serving.http.intervals import WhyNone


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


# Lists fail fast: a million wrong items would become a million errors, of gigabytes, before one is told.
Sentence = Annotated[str, AfterValidator(_without_nul), Field(json_schema_extra={"pattern": "^[^\\u0000]*$"})]
Sentences = Annotated[list[Sentence], Field(fail_fast=True)]

MOST_FIELDS = 100
"""Of a request, and of a document those that are compared: each is looked up in every one."""

Document = Annotated[
    Annotated[Sentence, Tag("text")] | Annotated[dict[str, Any], Tag("fields")],
    Discriminator(lambda value: "fields" if isinstance(value, dict) else "text"),
]


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 2.0 is whole."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[int, Field(ge=1), BeforeValidator(_whole)]
Model = Annotated[
    str | None,
    Field(
        # More than any name has, even decomposed: to compose a text takes the square of its marks.
        max_length=400,
        description="The name of a model of /v1/models; by default the first of them.",
    ),
]


class Request(BaseModel):
    """Of our own shape: a field that there is not is a slip."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _few(cls, values: Any) -> Any:
        if isinstance(values, dict) and len(values) > MOST_FIELDS:
            raise ValueError(f"has more than {MOST_FIELDS} fields")
        return values


class ForeignRequest(BaseModel):
    """Of somebody else's shape: what a client may send beside is none of our business."""

    model_config = ConfigDict(extra="ignore", strict=True)


class ScoreRequest(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [{"pairs": [["비가 온다.", "비가 내린다."]]}]})

    pairs: Annotated[
        list[Annotated[list[Sentence], Field(min_length=2, max_length=2)]], Field(fail_fast=True)
    ] = Field(description="Pairs of sentences.")
    intervals: Annotated[bool, Field(description="Whether to answer with intervals, too.")] = False
    model: Model = None


class Scores(BaseModel):
    model: str
    scores: list[float] = Field(description="A similarity a pair, on the label scale, not clipped to it.")
    intervals: list[Annotated[list[float], Field(min_length=2, max_length=2)]] | None = Field(
        None,
        description="For each pair where its label is likely to lie, within the label range; left out where "
        "nobody asked, or the model has none.",
    )


class ExplainRequest(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [{"pair": ["비가 온다.", "비가 내린다."]}]})

    pair: Annotated[list[Sentence], Field(min_length=2, max_length=2)]
    model: Model = None


class SentencePart(BaseModel):
    text: str
    effect: float | None = Field(
        description="The score less the score without this part; null for blanks and punctuation."
    )


class Explanation(BaseModel):
    model: str
    score: float
    sentences: list[list[SentencePart]] = Field(
        description="Both sentences, composed to NFC, in parts that are the sentence when put together."
    )


class RankRequest(Request):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"query": "비가 온다.", "texts": ["해가 떴다.", "비가 내린다."]}]}
    )

    query: Sentence
    texts: Sentences
    top: Count | None = Field(None, description="How many to answer with; by default all.")
    model: Model = None


class Ranked(BaseModel):
    index: int = Field(description="In the list that was sent.")
    score: float


class Ranking(BaseModel):
    model: str
    ranking: list[Ranked] = Field(description="The most similar first.")


class IntervalInfo(BaseModel):
    level: float = Field(description="The share of labels that intervals are made to hold.")
    pairs: int = Field(description="Labelled pairs of the run's dev set, by whose residuals they are made.")
    coverage: float = Field(description="The share of those pairs' labels that intervals of others hold.")


class ModelInfo(BaseModel):
    id: str
    object: str = "model"
    default: bool
    label_range: tuple[float, float] = Field(description="Lowest and highest label.")
    backend: str = Field(description="What computes its scores: torch, onnx or onnx-int8.")
    precision: str
    interval: IntervalInfo | None = Field(description="Of its scores.")
    no_interval: WhyNone | None = Field(description="Why there is none.")


class ModelList(BaseModel):
    object: str = "list"
    data: list[ModelInfo]


class State(BaseModel):
    status: str


class Problem(BaseModel):
    detail: str


class TeiRequest(ForeignRequest):
    """As text-embeddings-inference takes it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"query": "비가 온다.", "texts": ["해가 떴다.", "비가 내린다."]}]}
    )

    query: Sentence
    texts: Annotated[Sentences, Field(min_length=1)]
    raw_scores: Annotated[bool, Field(description="Scores on the label scale, instead of from 0 to 1.")] = (
        False
    )
    return_text: bool = False
    truncate: Annotated[bool | None, Field(description="Long texts always are.")] = None
    model: Model = None


class TeiRanked(BaseModel):
    index: int
    score: float
    text: str | None = None


class CohereRequest(ForeignRequest):
    """What both of Cohere's versions take."""

    query: Sentence
    top_n: Count | None = None
    model: Model = None


class CohereV1Request(CohereRequest):
    documents: Annotated[list[Document], Field(fail_fast=True, min_length=1)]
    rank_fields: Annotated[Sentences, Field(max_length=MOST_FIELDS)] | None = None
    return_documents: bool | None = None


class CohereV2Request(CohereRequest):
    documents: Annotated[Sentences, Field(min_length=1)]


class CohereRanked(BaseModel):
    index: int
    relevance_score: Annotated[float, Field(ge=0, le=1)]
    document: dict[str, Any] | None = None


class CohereResponse(BaseModel):
    id: str
    results: list[CohereRanked]
    meta: dict[str, Any]
