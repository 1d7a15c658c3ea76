"""Searches for what is shown, said and written, and what is told of them."""

from pathlib import Path

import pytest
from atom_bench.channels.footage import TITLES, Mixed, films, phrase
from atom_bench.channels.measure import Asked, ask, searches
from atom_bench.questions.truth import Shot, Thing

import atom_core as atom
from atom_core.media.probe import probe
from atom_core.testing.fakes import FakeHost
from atom_core.testing.speech import has_espeak

COLOURS = ("red", "orange", "blue", "green", "white", "cyan")


def film(number: int) -> Mixed:
    """Two shots of things that no other film has."""
    shots = tuple(
        Shot(
            things=(Thing(colour=COLOURS[2 * number + at], shape="star", action="blinks"),),
            then=False,
            span=(5.0 * at, 5.0 * at + 5),
            caption="",
        )
        for at in range(2)
    )
    said = ("The train leaves at seven.", "Close the blue window.", "Where is my umbrella?")[number]
    path = Path(f"{number}.mp4")
    return Mixed(path=path, shots=shots, sentence=said, said_at=0, title=TITLES[number], written_at=1)


def test_searches_are_for_what_one_shot_alone_has():
    """As many of each kind as are wanted, each for its own shot, never one with a title where a thing is meant."""
    asked = searches([film(number) for number in range(3)], 3, seed=1)
    assert [one.kind for one in asked] == ["shown"] * 3 + ["said"] * 3 + ["written"] * 3
    assert [one.shot for one in asked] == [0] * 6 + [1] * 3
    assert asked[0].text == "a red star that blinks"
    assert set(asked[3].text.split()) == {"train", "leaves", "seven"}
    assert asked[4].text.startswith('"')
    assert asked[4].text.strip('"') in "Close the blue window"


def test_titles_have_words_of_their_own():
    """No title is another's beginning, so that a search for one is for no other."""
    assert len(set(TITLES)) == 40
    assert not any(one != other and one in other for one in TITLES for other in TITLES)


def test_the_first_moment_counts_and_the_first_five():
    """Right is what lies in the shot that was meant, in its video."""
    first, second, _ = (film(number) for number in range(3))

    class Search:
        consumes, produces = atom.Query, tuple[atom.Moment, ...]

        def run(self, query):
            def moment(path, start_s):
                return atom.Moment(
                    path=path, content_hash="ab", start_s=start_s, end_s=start_s + 5, caption="", score=0.5
                )

            if query.text == "a":
                return (moment("0.mp4", 0.0),)
            return (moment("0.mp4", 5.0), moment("1.mp4", 5.0))

    asked = [
        Asked("shown", "a", first, 0),
        Asked("said", "b", second, 1),
        Asked("said", "b", first, 1),
        Asked("written", "b", first, 0),
    ]
    found = ask(FakeHost(shows={"0.mp4": ["a", "b"]}, tasks={"search": Search()}), asked)
    assert found == {
        "shown": {"searches": 1, "first": 1.0, "first_5": 1.0},
        "said": {"searches": 2, "first": 0.5, "first_5": 1.0},
        "written": {"searches": 1, "first": 0.0, "first_5": 0.0},
    }


def test_more_videos_than_titles_are_refused(tmp_path):
    """Each video has a title of its own."""
    with pytest.raises(ValueError, match="40 videos at most"):
        films(tmp_path, 41, 1)


@pytest.mark.skipif(not has_espeak(), reason="espeak-ng is not installed")
def test_footage_is_what_is_said_of_it(tmp_path):
    """A video has sound, three shots, and its title in one of them."""
    [made] = films(tmp_path, 1, 3)
    video = probe(made.path)
    assert video.has_audio
    assert video.duration_s == pytest.approx(15.0, abs=0.2)
    assert made.said_at != made.written_at
    assert len(made.shots) == 3
    assert phrase(made.shots[0]).startswith("a")
