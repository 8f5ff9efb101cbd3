"""The shape of the offline pair scorer."""

from typing import Any

from transformers import PretrainedConfig

from dalmeum.models.offline import FIRST_OFFLINE_TYPE, OFFLINE_TYPE


class OfflineConfig(PretrainedConfig):
    """Sizes of the network over pair features; `save_pretrained` writes it as `config.json`.

    Attributes:
        num_features: pair features, in the order of the encoder's `names`.
        hidden_size: random Fourier features, of a Gaussian kernel of the pair features.
        kernel_width: the kernel exp(-kernel_width * squared distance / num_features) between standardised
            features. Small widths come near a linear model, large ones near a lookup of training pairs.
        feature_limit: standardised features are clipped to +-this, so that no odd text leaves the range
            that training saw by far.
        dropout: share of the random features left out of a training step.
        share: of one feature, `shared_feature`, in the similarity; 0 to leave it to what is learned.
        shared_feature: its number.
        num_labels: 1, the similarity, or 2, with the binary task's logit beside it.
    """

    model_type = OFFLINE_TYPE

    def __init__(
        self,
        num_features: int = 1,
        hidden_size: int = 2048,
        kernel_width: float = 0.35,
        feature_limit: float = 4.0,
        dropout: float = 0.3,
        share: float = 0.0,
        shared_feature: int = 0,
        **kwargs: Any,
    ) -> None:
        self.num_features = num_features
        self.hidden_size = hidden_size
        self.kernel_width = kernel_width
        self.feature_limit = feature_limit
        self.dropout = dropout
        self.share = share
        self.shared_feature = shared_feature
        kwargs.setdefault("problem_type", "regression")
        # The labels' names say how many there are: config.json keeps the names alone.
        names = ("similarity", "binary")[: kwargs.pop("num_labels", 1)]
        kwargs.setdefault("id2label", dict(enumerate(names)))
        kwargs.setdefault("label2id", {name: column for column, name in enumerate(names)})
        super().__init__(**kwargs)


class FirstOfflineConfig(OfflineConfig):
    """The first version's, of another `model_type` and else the same."""

    model_type = FIRST_OFFLINE_TYPE

    def __init__(self, **kwargs: Any) -> None:
        # A subclass without one of its own would be given the library's, which knows no defaults of these.
        super().__init__(**kwargs)
