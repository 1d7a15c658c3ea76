"""From scripts to cuts."""

import atom_assembly
import pytest
from atom_assembly.trim import shorten, trim
from attrs import evolve

import atom_core as atom
from atom_core.testing.fakes import FakeDecoder, FakeHost

SHOWS = {"a.mp4": ["a red circle", "a blue square"], "b.mp4": ["a green star", "a blue square grows"]}


class Search:
    """The task ``search``, as another plugin would give it."""

    consumes, produces = atom.Query, tuple[atom.Moment, ...]

    def run(self, query, *, decoder, library):
        return tuple(library.search(decoder.embed([query.text]), query.limit))


def studio(shows=SHOWS, decoder=None, indexed=None, search=None, **more):
    """A host whose library holds the clips of `indexed`, or else of `shows`."""
    tasks = {"search": search or Search()}
    host = FakeHost(atom_assembly, shows=indexed or shows, decoder=decoder, tasks=tasks, **more)
    for name in host.world.shows:
        for clip in host.clips(host.video(name)):
            shown = host.encoder.encode(clip)
            vector = host.decoder.embed([shown])
            host.library.add([atom.Entry(clip=clip, caption=shown.layout["shows"], vector=vector)])
    host.world.shows = shows
    host.encoder.encoded.clear()
    return host


def match(host, *lines, length_s=None, **settings):
    request = atom.Request(text="a film", length_s=length_s)
    return host.run("match", atom.Script(request=request, lines=lines), **settings)


def test_cuts_follow_the_script():
    """Each line has the clip that shows it, whole, in the order of the script, with line, caption and score."""
    timeline = match(studio(), "green star", "a red circle")
    assert [(c.path.name, c.start_s, c.end_s, c.line, c.caption) for c in timeline.cuts] == [
        ("b.mp4", 0.0, 5.0, "green star", "a green star"),
        ("a.mp4", 0.0, 5.0, "a red circle", "a red circle"),
    ]
    assert timeline.cuts[1].score == pytest.approx(1)
    assert timeline.duration_s == 10


def test_no_clip_twice_unless_asked():
    """As many lines as can be have a clip of their own; another one is said not to, or has the same if asked for."""
    host = studio({"a.mp4": ["blue square", "blue star"]})
    assert [c.caption for c in match(host, "blue", "blue square").cuts] == ["blue star", "blue square"]
    twice = match(host, "blue square", "blue star", "blue square")
    assert [c.caption for c in twice.cuts] == ["blue square", "blue star"]
    assert [(u.line, u.reason) for u in twice.unmet] == [
        ("blue square", "the only shots in the library that show it are in the film already")
    ]
    again = (atom.Wanted(), atom.Wanted(), atom.Wanted(again=True))
    script = atom.Script(
        request=atom.Request(text="x"),
        lines=("blue square", "blue star", "blue square"),
        constraints=atom.Constraints(wanted=again),
    )
    assert [c.caption for c in host.run("match", script).cuts] == ["blue square", "blue star", "blue square"]


def test_what_two_lines_ask_for_may_be_one_shot():
    """A clip that shows two neighbouring lines at once stands for both."""
    timeline = match(studio({"a.mp4": ["a red star while a blue moon"]}), "a red star", "a blue moon")
    assert (len(timeline.cuts), timeline.unmet) == (1, ())


def test_the_decoder_is_asked_about_clips_that_come_near():
    """Where captions do not say it, clips show what the decoder says yes to, if its answers tell captions apart."""

    class Witness(FakeDecoder):
        def score(self, parts, continuation):
            asked, shows = parts[1], parts[0].layout["shows"]
            true = shows.removeprefix("a ") in asked or (
                asked == "Is it true that the turquoise thing moves?" and "green" in shows
            )
            return -0.1 if (continuation == "yes") == true else -4.0

    shows = {"a.mp4": ["a red circle", "a blue square", "a green star"]}
    timeline = match(studio(shows, decoder=Witness()), "a turquoise thing moves")
    assert [(c.caption, c.reason[:27]) for c in timeline.cuts] == [("a green star", "the model says that it show")]
    with pytest.raises(atom.LibraryError, match="fits the request"):
        match(studio(shows, decoder=Witness()), "a turquoise thing moves", rerank="similarity")


def test_a_decoder_that_cannot_tell_is_not_believed():
    """Where its answers do not tell true captions from false ones, the likeliest clip is taken and that is said."""

    class Unsure(FakeDecoder):
        def score(self, parts, continuation):
            if parts[1] == "Describe this clip in one sentence.":
                return -1.0 if parts[0].layout["shows"] == "a green star" else -9.0
            return -1.0

    shows = {"a.mp4": ["a red circle", "a blue square", "a green star"]}
    timeline = match(studio(shows, decoder=Unsure()), "an airport")
    assert timeline.cuts[0].caption == "a green star"
    assert timeline.cuts[0].reason.startswith("the likeliest there is")


def test_a_model_out_of_its_depth_is_not_believed():
    """Where captions say the same over and over, they are no reason to refuse; a caption that speaks plainly is."""
    footage = {"a.mp4": ["a red moon stays still and a blue ring grows and a red moon stays still and a blue ring"]}
    cuts = match(studio(footage), "a green star").cuts
    assert [cut.reason for cut in cuts] == ["the likeliest there is; the model cannot tell whether it fits"]
    with pytest.raises(atom.LibraryError, match="nothing in library"):
        match(studio({"a.mp4": ["a red moon stays still and a blue ring grows"]}), "a green star")


def test_fewer_will_do_where_it_says_at_most():
    """ "At most three" of which there are two is met; "three" is not."""
    host = studio({"a.mp4": ["blue square", "blue star"]})

    def unmet(**more):
        constraints = atom.Constraints(wanted=(atom.Wanted(num_shots=3, **more),))
        script = atom.Script(request=atom.Request(text="a film"), lines=("blue",), constraints=constraints)
        return [one.reason for one in host.run("match", script).unmet]

    assert (unmet(at_most=True), unmet()) == ([], ["the library has 2 of the 3 shots asked for"])


def test_lines_that_nothing_fits_have_no_cut():
    """What is nearest to them is said; if no line is left that is an error that names the library and what to do."""
    timeline = match(studio(), "a red circle", "a red airport", rerank="similarity")
    assert [cut.line for cut in timeline.cuts] == ["a red circle"]
    assert [(u.line, u.reason, u.closest.caption) for u in timeline.unmet] == [
        ("a red airport", "nothing in the library fits", "a red circle")
    ]
    with pytest.raises(atom.LibraryError, match=r"nearest is .*add videos with `atom index PATH`"):
        match(studio(), "a red airport", rerank="similarity")


def test_files_that_are_gone_or_changed_are_left_out(caplog):
    """Clips of a file that is gone, or is no longer what was indexed, are no candidates; the log names the file."""
    changed = {"a.mp4": ["something else", "entirely"], "b.mp4": SHOWS["b.mp4"]}
    timeline = match(studio(changed, indexed=SHOWS), "a red circle")
    assert timeline.cuts[0].path.name == "b.mp4"
    assert "'a.mp4' has changed since it was indexed" in caplog.text
    with pytest.raises(atom.LibraryError, match="gone or have changed"):
        match(studio({}, indexed=SHOWS), "a red circle")


def test_files_that_are_gone_take_no_place(caplog):
    """However many clips of files that are gone are more similar, the clips that are there are still found."""
    gone = {f"gone{number}.mp4": ["a red circle", "a red circle appears"] for number in range(9)}
    host = studio(SHOWS, indexed={**gone, "b.mp4": SHOWS["b.mp4"]})
    assert match(host, "a red circle", candidates=1).cuts[0].path.name == "b.mp4"
    assert "gone0.mp4" in caplog.text


def test_assemble_writes_and_matches():
    """`assemble` is the script's lines, matched."""
    asked = "Write the shots of this film, one per line: a day in the country\nShots that are there:"
    decoder = FakeDecoder(lambda text, _: "1. a green star\n2. a red circle" if text.startswith(asked) else None)
    timeline = studio(decoder=decoder).run("assemble", atom.Request(text="a day in the country", length_s=4.0))
    assert [cut.caption for cut in timeline.cuts] == ["a green star", "a red circle"]
    assert timeline.duration_s == pytest.approx(4.0)


def test_trimming_keeps_the_middle():
    """A shortened cut is the middle of its clip and stays inside it."""
    spans = trim([atom.Span(start_s=2.0, end_s=8.0), atom.Span(start_s=0.0, end_s=2.0)], 4.0, 1.0)
    assert [(s.start_s, s.end_s) for s in spans] == [(3.5, 6.5), (0.5, 1.5)]


@pytest.mark.parametrize(
    ("lengths", "wanted", "result"),
    [
        ([3.0, 6.0], None, [3.0, 6.0]),
        ([3.0, 6.0], 20.0, [3.0, 6.0]),
        ([3.0, 6.0], 3.0, [1.0, 2.0]),
        ([1.2, 10.0], 5.6, [1.0, 4.6]),
        ([0.5, 10.0, 10.0], 6.5, [0.5, 3.0, 3.0]),
        ([5.0, 5.0, 5.0], 1.5, [0.5, 0.5, 0.5]),
        ([1.1, 1.3, 50.0], 5.0, [1.0, 1.0, 3.0]),
    ],
)
def test_lengths_are_shortened_in_proportion(lengths, wanted, result):
    """In proportion, but not below a second unless the whole is too short for that; never longer than before."""
    assert shorten(lengths, wanted, 1.0) == pytest.approx(result)


class Judged(Search):
    """A search with a text embedder: it says of each moment whether it fits; "rain" means what the street is."""

    def run(self, query, *, decoder, library):
        wet = {"a wet city street": 0.8, "a dry city street": 0.3, "a green star": 0.1}
        found = library.search(decoder.embed([query.text]), query.limit)
        if "rain" in query.text:
            found = [evolve(one, score=wet[one.caption], fits=wet[one.caption] > 0.5) for one in found]
        return tuple(sorted((evolve(one, fits=bool(one.fits)) for one in found), key=lambda one: -one.score))


def test_what_captions_mean_in_other_words():
    """Where a text embedder tells which moments fit, those stand for a line, others do not, and what is not wanted is
    left out in other words, too; a decoder that was not trained to embed is not asked.
    """

    class Silent(FakeDecoder):
        embedding = "eol"

        def score(self, parts, continuation):
            raise AssertionError("asked")

    shows = {"a.mp4": ["a green star", "a dry city street", "a wet city street"]}
    host = studio(shows, decoder=Silent(), search=Judged())
    timeline = match(host, "rain in town")
    assert [(cut.caption, cut.reason) for cut in timeline.cuts] == [
        ("a wet city street", "its caption means that, as the search finds")
    ]
    assert [cut.caption for cut in match(host, "a green star").cuts] == ["a green star"]
    with pytest.raises(atom.LibraryError, match="nothing in library"):
        match(host, "a purple hedgehog")
    unwanted = atom.Constraints(wanted=(atom.Wanted(num_shots=None),), without=("rain",))
    script = atom.Script(request=atom.Request(text="x"), lines=("city street",), constraints=unwanted)
    assert [cut.caption for cut in host.run("match", script).cuts] == ["a dry city street"]
