"""``8da4w``: smaller files, whose answers are nearly those of float32."""

import os
from pathlib import Path

import pytest
from atom_executorch.exporting.export import ExportOptions, export
from atom_executorch.manifest import read_manifest

import atom_core as atom

CAPTION = "Describe this clip in one sentence."


@pytest.fixture(scope="module")
def small(engine, tiny, tmp_path_factory):
    """`tiny` exported as 8da4w; in the folder of an earlier run where that is named."""
    if given := os.environ.get("ATOM_TEST_EXPORTED_8DA4W"):
        return Path(given)
    folder = tmp_path_factory.mktemp("export8") / "tiny"
    settings = atom.Settings(cache=folder.parent / "cache")
    export(str(tiny), "tiny", folder, ExportOptions(precision="8da4w"), settings, {})
    return folder


@pytest.mark.slow
def test_answers_are_nearly_those_of_float32(small, torch_host, clips, tmp_path):
    """What it says is about as likely to the model itself as what that says."""
    manifest = read_manifest("it", small)
    assert manifest.precision == "8da4w"
    with atom.open_host(atom.Settings(model=str(small), cache=tmp_path, threads=1)) as host:
        assert "8da4w" in host.decoder.name
        losses = []
        for clip in clips:
            said = host.decoder.generate([host.encoder.encode(clip), CAPTION], max_new_tokens=48)
            features = torch_host.encoder.encode(clip)
            own = torch_host.decoder.generate([features, CAPTION], max_new_tokens=48)
            losses.append(own.logprob - torch_host.decoder.score([features, CAPTION], str(said)))
    assert sorted(losses)[len(losses) // 2] < 3
