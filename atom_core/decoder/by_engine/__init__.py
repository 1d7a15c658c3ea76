"""The decoder's forward passes where another engine computes the layers."""
