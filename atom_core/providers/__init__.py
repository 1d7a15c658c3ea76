"""For plugins that bring a model on another engine: an encoder that keeps features, a decoder that makes batches."""

from atom_core.providers.decoder import BatchingDecoder, Sampling, check_cancelled
from atom_core.providers.encoder import KeepingEncoder

__all__ = ["BatchingDecoder", "KeepingEncoder", "Sampling", "check_cancelled"]
