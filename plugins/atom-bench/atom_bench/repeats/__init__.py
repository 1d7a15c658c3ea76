"""Frames that are not encoded since they repeat another: footage that stands still, and what that spares."""
