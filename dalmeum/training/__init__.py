"""Minimising a recipe's loss: batches, the trainer, and the fit of a scorer to pairs."""
