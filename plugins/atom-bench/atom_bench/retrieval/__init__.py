"""``atom bench retrieval``: which moments are found by what people write, and whether it is said where nothing fits."""
