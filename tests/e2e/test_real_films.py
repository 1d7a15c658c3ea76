"""Films by what captions mean: all-MiniLM-L6-v2 beside a decoder that was not trained to embed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import atom_core as atom
from atom_core.testing.architectures.embedder import missing_embedder, real_embedder
from atom_core.testing.models import make_checkpoint
from atom_core.testing.videos import Shot, write_video

LINES = {
    "A lifeboat pulls away from a harbour wall in a storm.": "rescue boat in bad weather",
    "Two mechanics change the tyre of a racing car.": "workmen replacing a wheel of a race car",
    "A grandmother rolls out pastry on a floured table.": "an old woman baking",
    "Children splash in a fountain on a hot square.": "kids playing in a fountain",
    "A blacksmith hammers glowing iron on an anvil.": "a smith at work",
    "A train leaves a snowy mountain station at dusk.": "a railway in winter",
    "A violinist tunes her instrument backstage.": "a musician with a violin",
    "A drone shot shows vineyards along a river.": "wine country from above",
}
"""What captions say, and lines of scripts that ask for it in other words."""
ABSENT = ("a rocket launch", "an underwater cave", "surgeons in an operating theatre", "penguins on the ice")


@pytest.mark.skipif(bool(missing_embedder()), reason=missing_embedder())
def test_lines_in_other_words(tmp_path: Path) -> None:
    """Most lines have the shots that they mean, none has another one; what is not there is said to be missing."""
    model = make_checkpoint(tmp_path / "m", "smolvlm")
    settings = {"library": tmp_path / "library", "cache": tmp_path / "cache", "segment": "whole"}
    with atom.open_host(
        model=str(model),
        embedder=str(real_embedder(tmp_path / "e")),
        load_plugins=("indexing", "assembly", "captioning"),
        **settings,
    ) as host:
        rng = np.random.default_rng(0)
        entries = []
        for number, caption in enumerate(LINES):
            file = write_video(tmp_path / f"{number}.mp4", shots=[Shot(12 + number, (30 * number, 90, 200))])
            said_E = host.decoder.embed([caption])
            shown_E = rng.standard_normal(said_E.shape).astype(np.float32)  # a picture that says nothing
            clip = atom.Clip.whole(host.video(file))
            entries.append(atom.Entry(clip=clip, caption=caption, vector=shown_E, caption_vector=said_E))
        host.library.add(entries)
        met = host.run("match", atom.Script(request=atom.Request(text="a film"), lines=tuple(LINES.values())))
        assert {cut.line: cut.caption for cut in met.cuts}.items() <= {(line, said) for said, line in LINES.items()}
        assert len(met.cuts) >= len(LINES) - 2
        assert {cut.line for cut in met.cuts} | {unmet.line for unmet in met.unmet} == set(LINES.values())
        with pytest.raises(atom.LibraryError, match="nothing in library"):
            host.run("match", atom.Script(request=atom.Request(text="a film"), lines=ABSENT))
