"""What is kept in mind, up to a bound."""

from atom_core.files.bounded import keep


def test_what_was_kept_first_goes_first():
    """No more than the bound is kept; what is kept again is the latest."""
    known = {}
    for key in ("a", "b", "a", "c"):
        keep(known, key, key.upper(), 2)
    assert known == {"a": "A", "c": "C"}
