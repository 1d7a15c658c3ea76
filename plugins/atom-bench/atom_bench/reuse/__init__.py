"""The standard pipeline eight ways: what reloading, encoding again and reading again cost.

(a) one model per subtask, loaded for it and dropped after it, as in the paper's baseline (arXiv 2512.17108);
(b) one resident model as transformers users call it, `generate` with pixels in every request;
(c) Atom with reuse switched off; (d) Atom; (e) Atom with the features that (d) left on disk; (f) Atom, quantised;
(g) one resident model as an expert calls it, with all that is computed of a clip kept; (h) the same in bfloat16.
Every way is a process of its own, so that its peak memory is its own.
"""
