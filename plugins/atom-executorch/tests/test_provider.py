"""The exported model is a model as any other: the suites of modules and tasks pass on it."""

import pytest
from attrs import evolve

import atom_core as atom
from atom_core.testing.modules_conformance import ModulesConformance


class TestExported(ModulesConformance):
    """The conformance suite for modules that plugins bring."""

    @pytest.fixture(autouse=True)
    def folder(self, exported):
        """The exported folder."""
        self.source = str(exported)

    def load(self, settings, ledger):
        from atom_executorch import atom_load_modules

        return atom_load_modules(self.source, settings, ledger, {})


def test_other_models_are_left_to_others(tmp_path):
    """A folder without the manifest, and a name, are no exported models."""
    from atom_executorch import atom_identify_model, atom_load_modules

    for source in (str(tmp_path), "tiny", "owner/name"):
        assert atom_load_modules(source, atom.Settings(), atom.Ledger(), {}) is None
        assert atom_identify_model(source) is None


def test_the_four_tasks_run_unchanged(exported, videos, tmp_path):
    """Captioning, reasoning, indexing with search, and assembly run on the exported model as on torch's."""
    settings = atom.Settings(model=str(exported), cache=tmp_path, library=tmp_path / "library", threads=1)
    with atom.open_host(evolve(settings, segment="whole")) as host:
        found = [host.video(path) for path in sorted(videos.glob("*.mp4"))[:5]]
        captions = host.collect("caption", [atom.Clip.whole(video) for video in found])
        assert len({caption.text for caption in captions}) > 1
        host.collect("index", captions)
        answer = host.run("answer", atom.Question(video=found[0], text="What colour is the background?"))
        assert answer.text
        moments = host.run("search", atom.Query(text=captions[0].text))
        assert moments[0].caption == captions[0].text
        timeline = host.run("assemble", atom.Request(text=f"{captions[0].text}, then {captions[1].text}."))
        assert [cut.path for cut in timeline.cuts] == [found[0].path, found[1].path]
        film = host.run("film", timeline, path=str(tmp_path / "film.mp4"))
        assert film.num_frames > 0
