"""Values and tensors kept on disk."""
