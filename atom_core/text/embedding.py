"""How texts become vectors where the decoder was not trained to embed.

Of the forms tried on SmolLM2-135M-Instruct, the language half of SmolVLM2-256M, this one finds most (`atom bench
retrieval` measures it): no chat template, a sentence that ends where the model is about to say the text in one word
(PromptEOL, arXiv 2307.16645), the state after all layers but the last two, and the mean of such states of many texts
taken off, which they all share.
"""

from __future__ import annotations

FORM = 'The scene "{text}" shown in one word: "'
"""What is read; the state at its end is the vector."""
SKIPPED_LAYERS = 2
"""How many of the last layers are left out: they turn the text into the next token."""
TEXTS = (
    "A bus waits at a red light.",
    "A woman reads a newspaper in a café.",
    "Two goats climb over rocks.",
    "An empty office with grey desks.",
    "A man lifts weights in a gym.",
    "Clouds drift over a mountain lake.",
    "A child draws with crayons.",
    "Close-up of a burning candle.",
    "People queue in front of a cinema.",
    "A ship is unloaded in a harbour.",
    "night street",
    "somebody laughing",
    "making breakfast",
    "a bird on a fence",
    "playing football",
    "old photographs",
    "car interior",
    "a talk on a stage",
)
"""Whose mean is taken off: sentences as captions are, and phrases as searches are."""
EMBED_INSTRUCTION = "Summarize the above in one word:"
"""Asked after what is embedded by a decoder that was trained to, and after clips; the last hidden state is the vector.
Source: E5-V (arXiv 2407.12580)."""
EMBEDDING = "eol-2"
"""Names this form: vectors of another one are in another space."""
