"""Texts on terminals."""

import pytest

from atom_core.text.width import cut, width


@pytest.mark.parametrize(("text", "cells"), [("", 0), ("abc", 3), ("映画", 4), ("e\u0301", 1), ("a\u200db", 2)])
def test_width(text, cells):
    """Wide letters take two cells, marks none."""
    assert width(text) == cells


@pytest.mark.parametrize("text", ["a film of the sea.mp4", "映画" * 12, "e\u0301" * 30])
def test_cut(text):
    """What is too long keeps its beginning and end, and is never wider than it may be."""
    assert cut(text, 100) == text
    for most in range(20):
        assert width(cut(text, most)) <= most
    assert cut(text, 12).startswith(text[:2])
    assert cut(text, 12).endswith(text[-1])
    assert "..." in cut(text, 12)
