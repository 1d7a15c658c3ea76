"""The tasks keep what every task promises."""

from pathlib import Path

import pytest

import atom_core as atom
from atom_core.media.pictures.decode import Reader
from atom_core.testing.conformance import TaskConformance
from atom_core.testing.videos import frame_number, shot_colour, write_video


class Assembly(TaskConformance):
    """A library of real files, so that the cuts can be checked and rendered."""

    plugin, needs = "assembly", ("captioning", "indexing")
    model = "tiny"

    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path, monkeypatch):
        """Work where the files lie."""
        monkeypatch.chdir(tmp_path)
        for name, texts in self.shows.items():
            write_video(tmp_path / name, shots=[(12, (40 * n, 90, 200)) for n, _ in enumerate(texts)])

    def prepare(self, host):
        host.files = Path.cwd()
        for name in self.shows:
            host.run("index-video", host.video(name))


class TestScript(Assembly):
    """``script``"""

    task = "script"
    bad_settings = {"prompt": "", "max_new_tokens": 0, "max_lines": 0}

    def items(self, host):
        return [atom.Request(text="First a red circle, then a star."), atom.Request(text="squares", length_s=3.0)]


class TestAssemble(TestScript):
    """``assemble``, of what any footage has."""

    task = "assemble"
    bad_settings = {}

    def items(self, host):
        return [atom.Request(text="Everything, shortest first."), atom.Request(text="One shot.", length_s=3.0)]


class TestMatch(Assembly):
    """``match``"""

    task = "match"
    bad_settings = {"candidates": 0, "rerank": "luck", "min_cut_s": -1.0}

    def items(self, host):
        request = atom.Request(text="red, green", length_s=0.5)
        return [atom.Script(request=request, lines=lines) for lines in (("something", "anything"), ("something",))]


class TestFilm(Assembly):
    """``film``"""

    task = "film"
    settings = {"path": "film.mp4"}

    def items(self, host):
        script = atom.Script(request=atom.Request(text="red"), lines=("something",))
        timeline = host.run("match", script)
        return [timeline, atom.Timeline(request=atom.Request(text="again"), cuts=timeline.cuts * 2)]

    def bad_items(self, host):
        return [atom.Timeline(request=atom.Request(text="nothing"), cuts=())]

    def test_a_film_does_not_depend_on_others(self):
        """Made again, after another, it shows the same pictures at the same times.

        Not the same bytes: the coder (x264, by its macroblock tree) is not repeatable to the last bit.
        """
        with self.world() as host:
            one, other = self.items(host)
            films = [host.run(self.task, item, path=f"{n}.mp4") for n, item in enumerate((one, other, one))]
        first, second, again = (pictures_of(film.path) for film in films)
        assert first == again
        assert len(second) == 2 * len(first) > 0


def pictures_of(path):
    """When each picture is shown, seconds, its frame's number in the footage, and the colour of its shot."""
    with Reader(path) as reader:
        images = [(picture.time_s, reader.rgb(picture.frame)) for picture in reader.pictures()]
    return [(time_s, frame_number(image), shot_colour(image)) for time_s, image in images]
