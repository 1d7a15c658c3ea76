"""The resident halves of the model: load, split, quantise, encode, decode."""
