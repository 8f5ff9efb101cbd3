"""The network of the offline pair scorer as transformers knows it: to train it, to write it, and for those
who load it by `AutoModelForSequenceClassification`.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from dalmeum.models.offline import FIRST_OFFLINE_TYPE
from dalmeum.models.offline.configuration import FirstOfflineConfig, OfflineConfig
from dalmeum.models.offline.network import KernelMachine


class OfflineForPairScoring(KernelMachine, PreTrainedModel):
    """`KernelMachine` by the ways of the library."""

    config_class: type[OfflineConfig] = OfflineConfig
    config: OfflineConfig
    main_input_name = "features"

    def __init__(self, config: OfflineConfig) -> None:
        super().__init__(config)
        self.lay_out(config)
        self.post_init()  # type: ignore[no-untyped-call] # as the library leaves it

    def forward(self, features: Tensor, **_: Any) -> SequenceClassifierOutput:
        return SequenceClassifierOutput(logits=self.logits(features))

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: `initialise` draws what a new model needs, and loading fills the rest."""


class FirstOfflineForPairScoring(OfflineForPairScoring):
    """The first version's: the same network, of other features."""

    config_class = FirstOfflineConfig


def as_pretrained(network: KernelMachine) -> OfflineForPairScoring:
    """A network with the same weights, of the library's type."""
    fields = dict(vars(network.config))
    first = fields.pop("model_type") == FIRST_OFFLINE_TYPE
    kind = FirstOfflineForPairScoring if first else OfflineForPairScoring
    with torch.device("meta"):
        model = kind(kind.config_class(**fields))
    model.load_state_dict(network.state_dict(), assign=True)
    return model
