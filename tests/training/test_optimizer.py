from collections.abc import Callable

import pytest

from dalmeum.models.cross import new_cross_encoder
from dalmeum.training.optimizer import parameter_groups


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra"])
def test_learning_rate_falls_by_layer(tiny_encoder: Callable[[str], str], kind: str) -> None:
    model, _ = new_cross_encoder(tiny_encoder(kind), num_labels=1, max_length=64, seed=0)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    decayed = {name for name in names.values() if name.endswith("weight") and "LayerNorm" not in name}
    groups = parameter_groups(
        model, learning_rate=1.0, weight_decay=0.01, layerwise_decay=0.5, decayed=decayed
    )
    rates = {names[id(parameter)]: group["lr"] for group in groups for parameter in group["params"]}
    decays = {
        names[id(parameter)]: group["weight_decay"] for group in groups for parameter in group["params"]
    }
    assert rates.keys() == set(names.values())
    for name, rate in rates.items():
        if name.startswith("classifier"):
            assert rate == 1.0, name
        elif "layer.1." in name or "pooler" in name:
            assert rate == 0.5, name
        elif "layer.0." in name:
            assert rate == 0.25, name
        else:  # embeddings
            assert rate == 0.125, name
        assert decays[name] == (0.01 if name in decayed else 0.0)


def test_without_decay_there_is_one_rate(tiny_encoder: Callable[[str], str]) -> None:
    model, _ = new_cross_encoder(tiny_encoder("bert"), num_labels=1, max_length=64, seed=0)
    groups = parameter_groups(model, learning_rate=2e-5, weight_decay=0.1, layerwise_decay=1.0, decayed=())
    assert {group["lr"] for group in groups} == {2e-5}
