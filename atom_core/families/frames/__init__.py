"""What frames a model is shown: how many of a clip, and how each becomes a tensor."""
