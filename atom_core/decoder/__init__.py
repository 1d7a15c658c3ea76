"""The resident decoder: requests, their scheduling, the forward passes and the caches of keys and values."""

PREFILL_TOKENS = 2048
"""Most tokens that are prefilled in one forward pass, padding included, unless one prompt alone is longer."""


def num_rows(batch: int) -> int:
    """The rows of a decoder whose bulk requests have `batch`: from 2 on there is one more, reserved for interactive
    requests. With one row everybody takes turns, as is asked for where memory is short.
    """
    return batch + 1 if batch > 1 else batch
