"""Checkpoints read without transformers, where config, tokenizer and weights are exactly as its own classes would have
them: whatever is not, and any family that is not here, goes by way of transformers."""
