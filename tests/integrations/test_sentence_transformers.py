"""The losses in sentence-transformers' own trainers, and their gradient, on a real encoder with dropout."""

import builtins
import sys
import warnings
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.utils.checkpoint import CheckpointError

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.integrations import sentence_transformers as integration
from dalmeum.integrations.sentence_transformers import CorrelationLoss, MixtureLoss, PairLoss
from dalmeum.losses import mixture_loss
from dalmeum.training.exact import Passes, RandomState, exact_backward
from tests.conftest import draw_pairs
from tests.integrations import ranks
from tests.integrations.their_trainers import KINDS, NO_DROPOUT, dataset, fresh, load, trainer, weights

CPU = torch.device("cpu")
PAIRS = 16


class Network:
    """A model in training mode, with the inputs and labels that its trainer would hand to a loss."""

    def __init__(self, kind: str, encoder: str, dtype: torch.dtype) -> None:
        self.model = load(kind, encoder).to(dtype).train()
        # Half of MiniLM's parameters, and most of the time: dense gradients of which few rows are not 0.
        embeddings = self.model.transformers_model.get_input_embeddings()
        embeddings.weight.requires_grad_(False)
        first, second, labels = zip(*draw_pairs(PAIRS), strict=True)
        longer = [f"{text} {'and so on ' * (index % 5)}" for index, text in enumerate(first)]
        texts = [longer, list(second)]
        self.inputs = (
            texts if kind == "cross-encoder" else [self.model.preprocess(column) for column in texts]
        )
        self.labels = torch.tensor(labels, dtype=dtype) / 5
        self.tolerance = 1e-4 if dtype == torch.float32 else 1e-10

    def gradient(self, backward: Callable[[], object]) -> Tensor:
        self.model.zero_grad()
        torch.manual_seed(7)
        backward()
        return torch.cat([p.grad.flatten() for p in self.model.parameters() if p.grad is not None])

    def ours(self, size: int | None, scale: float = 1.0) -> Tensor:
        loss = MixtureLoss(self.model, alpha=0.1, mini_batch_size=size)
        return self.gradient(lambda: (scale * loss(fresh(self.inputs), self.labels)).backward())

    def parts(self, size: int | None) -> tuple[list[Any], Tensor, Callable[[Any], Tensor]]:
        """The mini-batches, their labels, and how the model predicts."""
        loss = MixtureLoss(self.model, mini_batch_size=size)
        mini_batches = loss.mini_batches(loss.columns(fresh(self.inputs), None, None), PAIRS)
        order = torch.cat([rows for rows, _ in mini_batches])
        assert sorted(order.tolist()) == list(range(PAIRS))
        return (
            [part for _, part in mini_batches],
            self.labels[order],
            partial(loss.predict, self.model),
        )

    def kept(self, size: int | None) -> Tensor:
        """The same forwards with all graphs kept, and one backward."""
        parts, labels, predict = self.parts(size)
        return self.gradient(
            lambda: mixture_loss(torch.cat([predict(part) for part in parts]), labels, 0.1).backward()
        )

    def exact(self, size: int | None) -> Tensor:
        """What dalmeum's own trainer computes."""
        parts, labels, predict = self.parts(size)

        def forward(part: Any) -> Tensor:
            return predict(part)[None, :, None]

        passes = Passes(forward, forward, Tensor.backward, CPU)
        return self.gradient(
            lambda: exact_backward(passes, parts, lambda out: mixture_loss(out[0, :, 0], labels, 0.1))
        )


def relative_difference(first: Tensor, second: Tensor) -> float:
    return float((first - second).norm() / second.norm())


@pytest.fixture(
    scope="module",
    params=[(kind, dtype) for kind in KINDS for dtype in (torch.float32, torch.float64)],
    ids=[f"{kind}-{dtype}" for kind in KINDS for dtype in ("float32", "float64")],
)
def minilm_network(request: pytest.FixtureRequest, minilm: str) -> Network:
    kind, dtype = request.param
    return Network(kind, minilm, dtype)


@pytest.fixture(params=KINDS)
def network(request: pytest.FixtureRequest, tiny_encoder: Callable[[str], str]) -> Network:
    return Network(request.param, tiny_encoder("bert"), torch.float64)


@pytest.fixture(params=KINDS)
def tiny(request: pytest.FixtureRequest, tiny_encoder: Callable[[str], str]) -> Any:
    return load(request.param, tiny_encoder("bert"))


@pytest.mark.parametrize("size", [1, 3, 8, PAIRS, None])
def test_gradient_is_that_of_kept_graphs_and_of_our_trainer(
    minilm_network: Network, size: int | None
) -> None:
    network = minilm_network
    ours = network.ours(size)
    assert relative_difference(ours, network.kept(size)) < network.tolerance
    assert relative_difference(ours, network.exact(size)) < network.tolerance


def test_other_masks_in_pass_two_are_noticed(
    minilm_network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = minilm_network.kept(8)
    monkeypatch.setattr(RandomState, "restore", lambda self, device: None)
    assert relative_difference(minilm_network.ours(8), kept) > 0.01


def test_without_dropout_no_cut_matters(network: Network) -> None:
    network.model.eval()
    whole = network.kept(None)
    for size in (1, 3, 8):
        assert relative_difference(network.ours(size), whole) < network.tolerance


def test_what_multiplies_the_loss_multiplies_its_gradient(network: Network) -> None:
    assert relative_difference(network.ours(8, scale=0.25), 0.25 * network.ours(8)) < network.tolerance


def test_random_state_after_backward_is_that_of_one_pass(network: Network) -> None:
    network.ours(8)
    ours = torch.get_rng_state()
    network.kept(8)
    assert torch.equal(ours, torch.get_rng_state())


def test_one_graph_at_a_time(network: Network) -> None:
    layers = [module for module in network.model.modules() if type(module).__name__ == "BertIntermediate"]
    outputs: list[weakref.ref[Tensor]] = []
    alive: list[int] = []

    def count(module: nn.Module, inputs: Any, output: Tensor) -> None:
        outputs.append(weakref.ref(output))
        alive.append(sum(output() is not None for output in outputs))

    handles = [layer.register_forward_hook(count) for layer in layers]
    try:
        network.ours(4)
        of_one = max(alive)
        network.kept(4)
    finally:
        for handle in handles:
            handle.remove()
    columns = 1 if isinstance(network.model, CrossEncoder) else 2
    assert of_one == columns * len(layers)
    assert max(alive) == of_one * PAIRS // 4


def test_mini_batches_hold_pairs_of_like_length_without_padding(network: Network) -> None:
    parts, _, _ = network.parts(8)
    for part in parts:
        for features in part:
            assert features["attention_mask"].any(dim=0).all()
            assert features["input_ids"].shape == features["attention_mask"].shape
    tokens = [sum(int(features["attention_mask"].sum()) for features in part) for part in parts]
    assert tokens == sorted(tokens)


def test_bfloat16_autocast_covers_both_passes(network: Network) -> None:
    network.model.float()
    loss = MixtureLoss(network.model, alpha=0.1, mini_batch_size=8)

    def backward() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = loss(fresh(network.inputs), network.labels)
        value.backward()  # as trainers do, outside

    with torch.autocast("cpu", dtype=torch.bfloat16):
        kept = network.kept(8)
    assert relative_difference(network.gradient(backward), kept) < 1e-2


def test_bfloat16_weights_give_float32_cosines(tiny_encoder: Callable[[str], str]) -> None:
    """Near 1, bfloat16 has steps of 1/256."""
    model = load("bi-encoder", tiny_encoder("bert"), **NO_DROPOUT).bfloat16()
    columns = [model.preprocess(["The cat eats.", "A dog runs."]) for _ in range(2)]
    loss = CorrelationLoss(model)
    cosines = loss.predict(model, fresh(columns))
    assert cosines.dtype == torch.float32
    assert cosines.tolist() == pytest.approx([1, 1], abs=1e-6)
    assert loss(columns, torch.tensor([0.0, 1.0])).dtype == torch.float32


def test_matryoshka_takes_the_batch_in_one_piece(tiny_encoder: Callable[[str], str]) -> None:
    model = load("bi-encoder", tiny_encoder("bert")).eval()
    texts = ["The cat eats.", "A dog runs.", "Two birds sing."], ["A cat.", "A man sleeps.", "Birds sing."]
    inputs = [model.preprocess(list(column)) for column in texts]
    labels = torch.tensor([0.8, 0.1, 0.9])
    loss = MatryoshkaLoss(model, CorrelationLoss(model), [32, 8])(fresh(inputs), labels)
    with torch.no_grad():
        embeddings = [model(column)["sentence_embedding"] for column in fresh(inputs)]
    cosines = [torch.cosine_similarity(*(part[:, :dim] for part in embeddings)) for dim in (32, 8)]
    rs = [torch.corrcoef(torch.stack([cosine, labels]))[0, 1] for cosine in cosines]
    assert loss.item() == pytest.approx(2 - sum(map(float, rs)), abs=1e-5)

    # In mini-batches it can't work, its patch of the model being gone in backward: an error, no wrong number.
    in_parts = MatryoshkaLoss(model, CorrelationLoss(model, mini_batch_size=2), [32, 8])
    with pytest.raises(CheckpointError):
        in_parts(inputs, labels).backward()


@pytest.mark.parametrize("accumulation", [1, 2])
@pytest.mark.parametrize("make", [CorrelationLoss, MixtureLoss])
@pytest.mark.parametrize("kind", KINDS)
def test_trains_in_their_trainer(
    kind: str, make: type[PairLoss], accumulation: int, minilm: str, tmp_path: Path
) -> None:
    model = load(kind, minilm)
    training = trainer(
        model,
        make(model, mini_batch_size=5),
        dataset(PAIRS),
        tmp_path,
        max_steps=4,
        per_device_train_batch_size=PAIRS // accumulation,
        gradient_accumulation_steps=accumulation,
        per_device_eval_batch_size=PAIRS,
    )
    before = training.evaluate()["eval_loss"]
    training.train()
    assert training.state.global_step == 4
    assert training.evaluate()["eval_loss"] < 0.7 * before


@pytest.mark.parametrize("kind", KINDS)
def test_accumulated_steps_are_the_mean_of_their_batches(
    kind: str, tiny_encoder: Callable[[str], str], tmp_path: Path
) -> None:
    """A step of plain SGD shows the gradient that the trainer took."""
    model = load(kind, tiny_encoder("bert"), **NO_DROPOUT).double()
    options = {"per_device_train_batch_size": 8, "gradient_accumulation_steps": 2, "max_steps": 1}
    training = trainer(
        model, MixtureLoss(model, mini_batch_size=3), dataset(16), tmp_path, **options, **ranks.PLAIN_SGD
    )
    batches = list(training.get_train_dataloader())
    before = weights(model)
    training.train()
    step = before - weights(model)

    torch.nn.utils.vector_to_parameters(before, model.parameters())
    model.zero_grad()
    torch.stack([training.compute_loss(model, dict(batch)) for batch in batches]).mean().backward()
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]
    expected = torch.cat([gradient.flatten() for gradient in gradients])
    assert expected.norm() > 0
    assert relative_difference(step, ranks.PLAIN_SGD["learning_rate"] * expected) < 1e-8


@pytest.mark.parametrize("make", [CorrelationLoss, MixtureLoss])
def test_constant_sides_leave_the_weights_finite(tiny: Any, make: type[PairLoss], tmp_path: Path) -> None:
    before = weights(tiny)
    same = Dataset.from_dict(
        {"sentence1": ["A cat."] * 8, "sentence2": ["A dog."] * 8, "score": [0.1 * n for n in range(8)]}
    )
    for data in (same, dataset(8, labels=[0.5] * 8)):
        tiny.eval()
        training = trainer(tiny, make(tiny, mini_batch_size=3), data, tmp_path, max_steps=2)
        training.train()
        assert torch.isfinite(weights(tiny)).all()
    if make is MixtureLoss:
        assert not torch.equal(weights(tiny), before)


def test_constant_predictions_have_a_gradient_of_zeros(network: Network) -> None:
    alike = [
        ["The cat eats."] * 4
        if isinstance(column, list)
        else {name: value[:1].repeat(4, 1) for name, value in column.items() if torch.is_tensor(value)}
        for column in network.inputs
    ]
    network.model.eval()
    loss = CorrelationLoss(network.model, mini_batch_size=2)
    assert not network.gradient(lambda: loss(alike, torch.arange(4.0)).backward()).any()


def test_label_that_is_no_number_stops_training_first(tiny: Any, tmp_path: Path) -> None:
    before = weights(tiny)
    data = dataset(8, labels=[0.0, 1.0, float("nan"), *[0.5] * 5])
    training = trainer(tiny, CorrelationLoss(tiny, mini_batch_size=3), data, tmp_path, max_steps=1)
    with pytest.raises(InputError, match="a label of the batch is no number"):
        training.train()
    assert torch.equal(weights(tiny), before)


@pytest.mark.timeout(600)
def test_over_two_processes(tiny_encoder: Callable[[str], str], tmp_path: Path) -> None:
    encoder = tiny_encoder("bert")
    spawn(ranks.compare_gradients_and_train, (2, tmp_path / "meeting", encoder, tmp_path), nprocs=2)
    differences = {path.name: float(path.read_text()) for path in tmp_path.glob("difference-*")}
    assert len(differences) == 2 * len(ranks.CASES) * len(KINDS) * 2
    assert all(difference < 1e-10 for difference in differences.values()), differences

    for kind in KINDS:
        before = weights(load(kind, encoder).double())
        alone = weights(ranks.trained(kind, encoder, tmp_path, batch_size=8)) - before
        for rank in range(2):
            together = torch.load(tmp_path / f"weights-{kind}-{rank}.pt") - before
            assert relative_difference(together, alone) < 1e-8


def test_wrong_models_are_refused(tiny_encoder: Callable[[str], str]) -> None:
    folder = tiny_encoder("bert")
    with pytest.raises(InputError, match=r"has 2 labels: create it with CrossEncoder\(\.\.\., num_labels=1"):
        CorrelationLoss(CrossEncoder(folder, num_labels=2))
    with pytest.raises(InputError, match="Linear: the model must be a CrossEncoder or a SentenceTransformer"):
        CorrelationLoss(nn.Linear(2, 1))  # type: ignore[arg-type] # as a user's mistake
    with pytest.warns(UserWarning, match="model.predict applies Sigmoid"):
        CorrelationLoss(CrossEncoder(folder, num_labels=1))


def test_wrong_options_are_refused(tiny: Any) -> None:
    with pytest.raises(InputError, match="mini_batch_size 0 is below 1"):
        CorrelationLoss(tiny, mini_batch_size=0)
    with pytest.raises(InputError, match=r"alpha 1\.5 is outside 0\.\.1"):
        MixtureLoss(tiny, alpha=1.5)


def test_wrong_data_are_refused(tiny: Any) -> None:
    loss = CorrelationLoss(tiny, mini_batch_size=2)
    column: Any = ["a", "b", "c"]
    if isinstance(tiny, SentenceTransformer):
        column = tiny.preprocess(column)
    three = torch.tensor([0.1, 0.2, 0.3])
    with pytest.raises(InputError, match="3 columns beside the label: CorrelationLoss takes two texts"):
        loss([column, column, column], three)
    with pytest.raises(InputError, match="needs a column `label` or `score`"):
        loss([column, column], None)
    with pytest.raises(InputError, match="6 labels for 3 pairs"):
        loss([column, column], three.repeat(2))
    assert loss([column, column], three[:, None]).shape == ()


def test_inputs_that_cannot_be_cut_are_refused(tiny_encoder: Callable[[str], str]) -> None:
    model = load("bi-encoder", tiny_encoder("bert"))
    packed = {"input_ids": torch.tensor([[1, 2, 3, 4]]), "cu_seq_lens_q": torch.tensor([0, 1, 2, 4])}
    with pytest.raises(InputError, match="no padded texts, a row each, and can't be cut"):
        CorrelationLoss(model, mini_batch_size=2)([packed, packed], torch.arange(3.0))


def test_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == "sentence_transformers":
            raise ModuleNotFoundError(name)
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, integration.__name__)
    with pytest.raises(MissingExtraError, match=r"pip install 'dalmeum\[sentence-transformers\]'"):
        __import__(integration.__name__)


def test_no_warning_where_predict_gives_logits(tiny: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss = MixtureLoss(tiny, alpha=0.3, mini_batch_size=4, gather_across_devices=False)
    assert loss.get_config_dict() == {"alpha": 0.3, "mini_batch_size": 4, "gather_across_devices": False}
