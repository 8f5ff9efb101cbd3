"""Gradients of embedding tables that grow with the batch, not with the vocabulary."""

from torch import nn


class SparseEmbeddingGradients:
    """Has a network's embeddings gather sparse gradients, to be made dense once a step.

    The dense gradient of a lookup is a table of zeros with a few rows in it. To fill one for every
    micro-batch and add it up takes twice the table's memory, and with small ones much of the time.
    """

    def __init__(self, network: nn.Module) -> None:
        self.tables = [module for module in network.modules() if isinstance(module, nn.Embedding)]
        for table in self.tables:
            table.sparse = True

    def make_dense(self) -> None:
        """Turn the gradients into what clipping and optimisers take; the same but for the order of sums."""
        for table in self.tables:
            gradient = table.weight.grad
            if gradient is not None and gradient.is_sparse:
                table.weight.grad = gradient.to_dense()
