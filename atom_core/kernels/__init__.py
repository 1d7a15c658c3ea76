"""Linear layers and memory on the processors that models run on."""

INT4_GROUP = 32
"""Neighbouring inputs that share a scale and a middle in int4 weights: one of torch's kernel's group sizes."""
