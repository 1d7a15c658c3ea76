"""The best of many scores."""

from itertools import islice

import numpy as np
from atom_indexing.replica.ranking import ranked
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st


@limits(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 0.5000001, 1.0])), st.integers(1, 9))
def test_the_order_is_that_of_a_stable_sort(scores, first):
    """Of all, and of the first few, with ties in their order and without what is left out."""
    scores_N = np.array(scores, dtype=float)
    order = [place for place in np.argsort(-scores_N, kind="stable").tolist() if scores_N[place] > -np.inf]
    assert list(ranked(scores_N, first)) == order
    assert list(islice(ranked(scores_N, first), first)) == order[:first]
