"""The kinds of pair scorer, as a table: how each is made from a recipe, and found again in a folder."""

import contextlib
import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dalmeum.data import PairTable
from dalmeum.data.splits import binary_threshold
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.models.encoders.coverage import coverage
from dalmeum.models.encoding import PairEncoding
from dalmeum.models.fields import Fields
from dalmeum.models.golden import check_golden, may_be_quick
from dalmeum.models.members import check_members, members_in
from dalmeum.models.precision import default_device
from dalmeum.models.pretrained import (
    GOLDEN,
    SETTINGS,
    check_readable,
    is_bi_encoder,
    is_model_folder,
    is_offline,
    locate_encoder,
    read_json,
)
from dalmeum.models.quick import quick_parts
from dalmeum.models.quiet import quiet_transformers
from dalmeum.models.scorer import PairNetwork, PairScorer
from dalmeum.own_code import find, is_own, takes
from dalmeum.recipe import Recipe
from dalmeum.recipe.model import ModelRecipe, errors_of_member

if TYPE_CHECKING:  # transformers, which is slow to import: an offline model is scored without
    from dalmeum.models.bi import TokenizedSentences
    from dalmeum.models.cross import TokenizedPairs

Parts = tuple[PairNetwork, PairEncoding]


class Kind(Protocol):
    """One kind of pair scorer."""

    def new(self, recipe: Recipe, sentence1: Sequence[str], sentence2: Sequence[str]) -> Parts:
        """An untrained network and its encoding, which may be fitted on the training sentences (n,).

        The weights depend on the recipe's seed alone. Where its signature names `train`, it is called with
        the whole `PairTable`, too, labels and all. Raises `InputError` where the encoder can't be used.
        """
        ...

    def load(self, folder: Path) -> Parts:
        """The network and encoding that were saved in `folder`; `InputError` where they can't be read."""
        ...

    def owns(self, folder: Path) -> bool:
        """Whether `folder` holds a model of this kind."""
        ...


class CrossEncoders:
    """Both sentences through one encoder."""

    def new(self, recipe: Recipe, sentence1: Sequence[str], sentence2: Sequence[str]) -> Parts:
        from dalmeum.models.cross import new_cross_encoder

        return new_cross_encoder(
            recipe.model.encoder or "",
            num_labels=columns(recipe),
            max_length=recipe.model.max_length,
            seed=recipe.training.one_seed,
        )

    def load(self, folder: Path) -> Parts:
        from dalmeum.models.cross import load_cross_encoder

        return load_cross_encoder(folder)

    def owns(self, folder: Path) -> bool:
        """Any folder with a configuration: of another library's models, most are of this kind."""
        return os.path.isfile(folder / "config.json")


class BiEncoders:
    """The cosine of two embeddings."""

    def new(self, recipe: Recipe, sentence1: Sequence[str], sentence2: Sequence[str]) -> Parts:
        from dalmeum.models.bi import new_bi_encoder

        return new_bi_encoder(
            recipe.model.encoder or "",
            num_labels=columns(recipe),
            max_length=recipe.model.max_length,
            label_range=recipe.data.label_range,
            angle=recipe.loss.name == "angle",
        )

    def load(self, folder: Path) -> Parts:
        from dalmeum.models.bi import load_bi_encoder

        return load_bi_encoder(folder)

    def owns(self, folder: Path) -> bool:
        return is_bi_encoder(folder)


class OfflineScorers:
    """Features of Korean morphemes, letters and sentence vectors; no download."""

    def new(
        self,
        recipe: Recipe,
        sentence1: Sequence[str],
        sentence2: Sequence[str],
        train: PairTable | None = None,
    ) -> Parts:
        from dalmeum.models.offline.build import build_offline

        return build_offline(
            sentence1,
            sentence2,
            num_labels=columns(recipe),
            seed=recipe.training.one_seed,
            universal=recipe.model.universal,
            train=train,
        )

    def load(self, folder: Path) -> Parts:
        from dalmeum.models.offline.load import load_offline

        return load_offline(folder)

    def owns(self, folder: Path) -> bool:
        return is_offline(folder)


KINDS: dict[str, Kind] = {"cross": CrossEncoders(), "bi": BiEncoders(), "offline": OfflineScorers()}
"""By the name that a recipe gives. Of those that own a folder the last one loads it."""


def columns(recipe: Recipe) -> int:
    """Logits a pair: one a task."""
    return 1 if recipe.tasks.binary is None else 2


def kind_named(name: str) -> Kind:
    """The kind that a recipe names: a row of `KINDS`, or an own one, `module:Kind`, a class or an object.

    Raises `InputError` where an own one can't be found, or is no kind.
    """
    if not is_own(name):
        return KINDS[name]
    found = find("model.kind", name)
    try:
        kind: Kind = found() if isinstance(found, type) else found
    except TypeError as error:
        raise InputError(f"model.kind: {name} can't be made: {error}") from error
    missing = [method for method in ("new", "load", "owns") if not callable(getattr(kind, method, None))]
    if missing:
        raise InputError(f"model.kind: {name} has no {' and no '.join(missing)}: a kind has new, load, owns")
    return kind


def new_scorer(recipe: Recipe, train: PairTable) -> PairScorer:
    """An untrained scorer for the recipe, on the best device at hand, its weights set by the seed alone.

    Each member of an ensemble is what it would be alone.

    Raises `InputError` where an encoder, or an own kind, can't be used: of all members of an ensemble, before
    any of them takes long.
    """
    if recipe.members:
        members: dict[str, PairScorer] = {}
        # The offline encoder is fitted to the pairs, for minutes; whatever can be refused comes before.
        for name in sorted(recipe.members, key=lambda name: recipe.members[name].model.kind == "offline"):
            with errors_of_member(name):
                members[name] = new_scorer(recipe.members[name], train)
        members = {name: members[name] for name in recipe.members}
        return ensemble_of(members, recipe.data.label_range, binary_threshold(recipe, train))
    from transformers import set_seed

    set_seed(recipe.training.one_seed)
    new = kind_named(recipe.model.kind).new
    given = {"train": train} if takes(new, "train") else {}
    parts: object = new(recipe, train.sentence1, train.sentence2, **given)
    if not (isinstance(parts, tuple) and len(parts) == 2):
        raise InputError(
            f"model.kind: {recipe.model.kind}: new must return a network and its encoding, not {parts!r:.80}"
        )
    model, encoding = parts
    model.to(default_device())
    sigmoid = recipe.loss.name == "bce"
    # A head that dalmeum trained goes on from where it stands.
    trained = getattr(model.config, "dalmeum", None)
    on_label_scale = isinstance(trained, dict) and trained.get("sigmoid") is sigmoid
    scorer = PairScorer(
        model,
        encoding,
        label_range=recipe.data.label_range,
        sigmoid=sigmoid,
        binary_threshold=binary_threshold(recipe, train),
        own_kind=recipe.model.kind if is_own(recipe.model.kind) else None,
        swap=recipe.inference.swap,
        notes=(*getattr(encoding, "notes", ()), *_unreadable(encoding, train)),
    )
    if train.label is not None and not getattr(model, "on_label_scale", on_label_scale):
        scorer.start_at(float(train.label.mean()))
    return scorer.with_precision(recipe.training.precision)


def ensemble_of(
    members: Mapping[str, PairScorer],
    label_range: tuple[float, float],
    threshold: float | None,
    settings: Fields | None = None,
) -> PairScorer:
    """What several scorers say together, each in its own precision, by the weights in `settings`, if any."""
    from dalmeum.models.ensemble import Ensemble, EnsembleEncoding

    network = Ensemble(members)
    if settings is not None:
        network.load_weights(settings)
    notes = (
        Text.same("{name}: {note}").format(name=name, note=note)
        for name, member in members.items()
        for note in member.notes
    )
    encoding = EnsembleEncoding({name: member.encoding for name, member in members.items()})
    swap = any(member.swap for member in members.values())
    return PairScorer(
        network, encoding, label_range, binary_threshold=threshold, swap=swap, notes=tuple(notes)
    )


def _unreadable(encoding: PairEncoding, train: PairTable) -> tuple[Text, ...]:
    """That a pretrained vocabulary does not know the language of the training sentences, if it doesn't."""
    from dalmeum.models.bi import TokenizedSentences
    from dalmeum.models.cross import TokenizedPairs

    if not isinstance(encoding, TokenizedPairs | TokenizedSentences):
        return ()
    found = coverage(encoding.tokenizer, (*train.sentence1, *train.sentence2))
    return () if found.readable else (found.told,)


def try_encoder(encoder: str) -> "TokenizedPairs | TokenizedSentences":
    """The encoding of a new scorer on this encoder, which is tried; of kind `bi` on a SentenceTransformer.

    Raises `InputError` where training would.
    """
    from dalmeum.models.bi import new_bi_encoder
    from dalmeum.models.cross import new_cross_encoder

    folder, length = Path(locate_encoder(encoder)), ModelRecipe(encoder=encoder).max_length
    if folder.is_dir() and is_bi_encoder(folder):
        return new_bi_encoder(encoder, num_labels=1, max_length=length, label_range=(0.0, 5.0))[1]
    return new_cross_encoder(encoder, num_labels=1, max_length=length, seed=0)[1]


def load_scorer(
    folder: Path,
    precision: str = "auto",
    *,
    trust_code: bool = False,
    trained_here: bool = False,
    asked: bool = True,
    quick: bool = False,
) -> PairScorer:
    """The scorer in a model folder, on the best device at hand.

    A SentenceTransformer that dalmeum has not trained scores 5 times its cosine. With `trust_code`, the code
    that a model of an own kind names is imported and run; without, such a folder is refused. With
    `trained_here` dalmeum's settings must be there, without which the model would count as a foreign one.
    With `asked` it answers for its golden scores, if it has some (`check_golden`); what comes of it is in
    the scorer's `notes`. With `quick` it is loaded to score a few pairs, and no more, without transformers if
    that is known to answer the same.

    Raises `InputError` where the folder holds no model that dalmeum can read, or other weights than were
    saved there.
    """
    if not is_model_folder(folder):
        raise InputError(f"{folder}: is no model folder: config.json is missing")
    check_readable(folder)
    settings = _settings(folder)
    if trained_here:
        _check_complete(folder, settings)
    own_kind, label_range = settings.text("kind"), settings.label_range()
    sigmoid, threshold = settings.flag("sigmoid", False), settings.threshold()
    if names := members_in(folder):
        check_members(folder, settings, names)
        given: Any = {"trust_code": trust_code, "trained_here": trained_here}
        given["asked"] = asked and not (folder / GOLDEN).is_file()  # of one of before, each for itself
        members = {name: load_scorer(folder / name, precision, **given) for name in names}
        return _asked(ensemble_of(members, label_range, threshold, settings), folder, asked)
    if quick and own_kind is None and may_be_quick(folder) and (parts := quick_parts(folder)):
        network: Any = parts[0].to(default_device())
        few = PairScorer(
            network, parts[1], label_range, sigmoid, threshold, swap=settings.flag("swap", False)
        )
        return few.with_precision(precision)
    kind = _owner(folder, own_kind, trust_code)
    with contextlib.nullcontext() if isinstance(kind, OfflineScorers) else quiet_transformers():
        model, encoding = kind.load(folder)
    model.to(default_device())  # type: ignore[arg-type] # the decorated method lost its type
    known: Any = {"own_kind": own_kind, "swap": settings.flag("swap", False)}
    scorer = PairScorer(model, encoding, label_range, sigmoid, threshold, **known)
    return _asked(scorer.with_precision(precision), folder, asked)


def _asked(scorer: PairScorer, folder: Path, asked: bool) -> PairScorer:
    notes = check_golden(folder, scorer) if asked else ()
    return dataclasses.replace(scorer, notes=(*scorer.notes, *notes))


class OwnCodeError(InputError):
    """A model whose code nobody has said to trust."""

    def __init__(self, folder: Path, own_kind: str) -> None:
        self.told = f"{folder}: is a model of own code, {own_kind}, which loading it would run"
        super().__init__(f"{self.told}: pass trust_code=True, or --trust-code, if you trust it")


def _owner(folder: Path, own_kind: str | None, trust_code: bool) -> Kind:
    """The kind that loads the model in a folder."""
    if own_kind is None:
        owners = [kind for kind in KINDS.values() if kind.owns(folder)]
        if not owners:
            raise InputError(f"{folder}: is no model folder: config.json is missing")
        return owners[-1]
    if not trust_code:
        raise OwnCodeError(folder, own_kind)
    kind = kind_named(own_kind)
    if not kind.owns(folder):
        raise InputError(f"{folder}: holds no model that {own_kind} knows: files are missing, or it changed")
    return kind


def _settings(folder: Path) -> Fields:
    """What `PairScorer.save` wrote beside a model."""
    if os.path.isfile(folder / SETTINGS):
        return Fields(read_json(folder / SETTINGS), folder / SETTINGS)
    config = read_json(folder / "config.json", default={})
    if not isinstance(config, dict):
        raise InputError(f"{folder}/config.json: is no model's configuration")
    written = config.get("dalmeum")
    return Fields({} if written is None else written, f"{folder}/config.json: its section dalmeum")


def _check_complete(folder: Path, settings: Fields) -> None:
    """`InputError` where a setting is missing that `PairScorer.save` always writes."""
    missing = [name for name in ("label_range", "sigmoid", "binary_threshold") if name not in settings]
    if missing:
        place = SETTINGS if is_bi_encoder(folder) or members_in(folder) else "config.json, section dalmeum"
        raise InputError(
            f"{folder}: is a run's model, and what dalmeum wrote beside its weights is missing ({place}: "
            f"{', '.join(missing)}): put the file back as it was, or train the run again"
        )
