"""The standard pipeline four ways: what reloading, encoding again and reading again cost.

(a) one model per subtask, loaded for it and dropped after it, as in the paper's baseline (arXiv 2512.17108);
(b) one resident model as transformers users call it, `generate` with pixels in every request;
(c) Atom with reuse switched off; (d) Atom; (e) Atom again, with the features that (d) left on disk.
Every way is a process of its own, so that its peak memory is its own.
"""
