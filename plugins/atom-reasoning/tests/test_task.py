"""What is asked of clips, how many are looked at, and what is kept."""

import pytest
from atom_reasoning.evidence import kept

import atom_core as atom
from atom_core.testing.fakes import FakeHost

from .conftest import SHOTS, Seeing


def question(host, text, name="a.mp4", others=()):
    return atom.Question(video=host.video(name), text=text, others=tuple(map(host.video, others)))


def test_one_clip_is_asked_verbatim(footage):
    """A video of one shot answers itself; the prompt and its frames are said."""
    host = footage(["a dog runs"], {"Where": "on the beach"})
    answer = host.run("answer", question(host, "Where is the dog?"))
    assert (answer.text, answer.provenance.prompt) == ("on the beach", "Where is the dog?")
    assert host.run("answer", question(host, "Why?")).text == "not shown"


def test_a_model_is_asked_in_its_own_words(footage):
    """Where a decoder knows a wording for questions, that is what it is asked."""
    host = footage(["a dog"], {"answer en": "a dog"})
    host.decoder.wordings = {"answer": "answer en {question}"}
    answer = host.run("answer", question(host, "What is it?"))
    assert (answer.text, answer.provenance.prompt) == ("a dog", "answer en What is it?")


def test_which_one_of_one_video_is_a_shot(footage):
    """ "Which one" asks for a video where there are several, else for a shot."""
    host = footage(["a dog runs", "a cat runs"])
    assert host.run("answer", question(host, "Which one has a cat?")).text == "shot 2"


def test_of_many_clips_few_are_looked_at(footage):
    """No more than `looks` clips are looked at anew, those that may show it; the rest is read from captions."""
    shots = [f"a {colour} star grows" for colour in ("red", "blue", "green", "white", "cyan")] * 8
    host = footage(shots)
    host.run("answer", question(host, "Summarise it."))
    host.encoder.encoded.clear()
    answer = host.run("answer", question(host, "How many shots show a red star?"), looks=5)
    assert (answer.text, len({clip.start_s for clip in host.encoder.encoded})) == ("8", 5)


def test_what_was_found_is_kept(footage):
    """A second question reads kept captions and replies, also in another process; another model's are not taken."""
    host = footage()
    first = host.run("answer", question(host, "When does the moon move up?"))
    asked = len(host.decoder.prompts) + len(host.decoder.scored)
    assert host.run("answer", question(host, "When does the moon move up?")) == first
    assert len(host.decoder.prompts) + len(host.decoder.scored) == asked
    other = FakeHost(settings=host.settings, shows={"a.mp4": SHOTS}, decoder=Seeing())
    other.plugins = host.plugins
    store = kept.Kept(other, other.video("a.mp4"), other.decoder)
    clip = other.clips(other.video("a.mp4"))[0]
    assert store.caption(clip) is not None
    other.decoder.name = "another"
    assert kept.Kept(other, other.video("a.mp4"), other.decoder).caption(clip) is None


def test_what_is_kept_is_bounded(tmp_path, monkeypatch):
    """The files that were not used for the longest time go first."""
    monkeypatch.setattr(kept, "MOST_BYTES", 25)
    for number, name in enumerate("abc"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.json").write_text("0123456789")
        import os

        os.utime(tmp_path / name / "x.json", (number, number))
    kept._bound(tmp_path)
    assert sorted(path.parent.name for path in tmp_path.glob("*/*.json")) == ["b", "c"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Which video shows a moon?", "b.mp4"),
        ("In which video is there a ring?", "a.mp4"),
        ("Do both videos show a star?", "yes"),
        ("Does any of the videos have a square?", "no"),
        ("Which video has more shots?", "a.mp4"),
        ("Does the first video have more stars than the second?", "no"),
        ("How many videos show a star?", "2"),
        ("What do both videos have in common?", "red star"),
        ("What happens in the second video?", "a red star grows, then a moon rises while a blue star blinks"),
        ("Is there a ring in b.mp4?", "no"),
        ("When does the moon rise?", "b.mp4 0:05 to 0:10"),
    ],
)
def test_of_two_videos(text, answer):
    """Several videos are asked together: which, both, any, more; the answer names them."""
    shows = {
        "a.mp4": ["a red star grows", "a ring blinks", "a dog runs"],
        "b.mp4": ["a red star grows", "a moon rises while a blue star blinks"],
    }
    import atom_captioning
    import atom_reasoning

    host = FakeHost(atom_reasoning, atom_captioning, shows=shows, decoder=Seeing())
    found = host.run("answer", question(host, text, others=["b.mp4"]))
    assert found.text == answer
    assert all(isinstance(span, atom.Clip) for span in found.evidence)


class Search:
    """The task ``search``, as another plugin would give it: all moments of the videos asked for, the last first."""

    consumes, produces = atom.Query, tuple[atom.Moment, ...]
    asked: list = []

    def run(self, query, *, library):
        self.asked.append(query.text)
        moments = [
            atom.Moment(
                start_s=entry.clip.start_s,
                end_s=entry.clip.end_s,
                path=entry.clip.video.path,
                content_hash=entry.clip.video.content_hash,
                caption=entry.caption,
                score=0.5,
            )
            for entry in library._entries.values()
            if entry.clip.video.content_hash in query.videos
        ]
        return tuple(reversed(moments))[: query.limit]


def test_captions_of_the_library_are_not_made_again():
    """Where a long video is in the library, its captions are taken from there, and its search says where to look."""
    import atom_captioning
    import atom_reasoning
    import numpy as np

    shots = [f"a {colour} star grows" for colour in ("red", "blue", "green", "white", "cyan")] * 4
    tasks = {"search": Search()}
    host = FakeHost(atom_reasoning, atom_captioning, shows={"a.mp4": shots}, decoder=Seeing(), tasks=tasks)
    host.settings.library.mkdir(parents=True)
    clips = host.clips(host.video("a.mp4"))
    vector = np.ones(4, np.float32)
    host.library.add([atom.Entry(clip=c, caption=t, vector=vector) for c, t in zip(clips, shots, strict=True)])
    answer = host.run("answer", question(host, "How many shots show a white star?"), looks=6)
    assert (answer.text, host.decoder.prompts) == ("4", [])
    assert len({clip.start_s for clip in host.encoder.encoded}) == 6
    assert "white star" in Search.asked
