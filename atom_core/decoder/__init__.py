"""The resident decoder: requests, their scheduling, the forward passes and the caches of keys and values."""
