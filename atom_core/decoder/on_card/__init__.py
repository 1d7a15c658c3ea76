"""The decoder on a CUDA card, where a step of a small model is bound by the launches of its kernels."""
