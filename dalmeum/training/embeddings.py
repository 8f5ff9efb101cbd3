"""Gradients of embedding tables that grow with the batch's tokens, not with the vocabulary."""

from torch import Tensor, nn


class SparseEmbeddingGradients:
    """Has a network's embeddings gather sparse gradients, to be made dense once a step.

    The dense gradient of a lookup is a table of zeros with a few rows in it. To fill one for every
    micro-batch and add it up takes twice the table's memory, and with small micro-batches much of the time.
    """

    def __init__(self, network: nn.Module) -> None:
        self.tables = [module for module in network.modules() if isinstance(module, nn.Embedding)]
        for table in self.tables:
            table.sparse = True
            table.weight.register_post_accumulate_grad_hook(_merge_rows)

    def make_dense(self) -> None:
        """Turn the gradients into what clipping and optimisers take; the same but for the order of sums."""
        for table in self.tables:
            gradient = table.weight.grad
            if gradient is not None and gradient.is_sparse:
                table.weight.grad = gradient.to_dense()


def _merge_rows(weight: Tensor) -> None:
    """Sparse gradients add up row after row: unmerged, those of many micro-batches outgrow the table."""
    if weight.grad is not None and weight.grad.is_sparse:
        weight.grad = weight.grad.coalesce()
