"""The decoder as judge of what was found: the best moments ordered anew by its odds of yes against no.

Source: VQAScore (arXiv 2404.01291). It is off: with SmolLM2-135M, the language half of SmolVLM2-256M, it made
a Recall@1 of 0.96 into 0.40, likelihood of the search after the caption into 0.76, and with ``tiny`` likelihood made
0.73 into 0.50. `atom bench retrieval --judge 5` measures it for another model.
"""

from __future__ import annotations

from collections.abc import Sequence

import atom_core as atom

QUESTION = 'A video shows this: {caption}\nDoes it show "{search}"? Answer yes or no.'
"""What the decoder is asked of each."""


def judged(
    decoder: atom.Decoder, query: atom.Query, found: Sequence[atom.Moment], most: int
) -> tuple[atom.Moment, ...]:
    """`found`, of which the first `most` are ordered anew; scores stay those of the search."""
    best, others = found[:most], found[most:]
    asked = [[QUESTION.format(caption=moment.caption, search=query.text)] for moment in best]
    scores = decoder.score_many([(parts, answer) for parts in asked for answer in ("Yes", "No")])
    odds = [yes - no for yes, no in zip(scores[::2], scores[1::2], strict=True)]
    order = sorted(range(len(best)), key=lambda place: -odds[place])
    return (*(best[place] for place in order), *others)
