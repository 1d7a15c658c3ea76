"""The standard pipeline gives the same answers every way, and a wrong one is noticed."""

import json
from types import SimpleNamespace

import pytest
from atom_bench.arguments import engine_and_model
from atom_bench.reuse import job as jobs
from atom_bench.reuse import plain
from atom_bench.reuse.child import main
from atom_bench.reuse.command import precision, result, text
from atom_bench.reuse.compare import compare
from atom_bench.reuse.job import Done, Job, order, settings_values
from atom_bench.reuse.plain import run_plain
from atom_bench.reuse.resident import look, run_resident
from attrs import evolve

import atom_core as atom
from atom_core.kernels.processor import has_bf16
from atom_core.text.embedding import TEXTS


@pytest.fixture(scope="module")
def done(settings, videos, tmp_path_factory) -> dict[str, list[Done]]:
    """What every way did, once."""
    paths = [str(path) for path in videos]
    job = Job(way="look", settings=settings_values(settings), videos=paths, caption_tokens=6, answer_tokens=3)
    job = evolve(job, layouts=look(job))
    found = {}
    known = tmp_path_factory.mktemp("known")
    for way in jobs.WAYS:
        if way == jobs.EXPERT_BF16 and not has_bf16():
            continue
        cache = known if way in "de" else tmp_path_factory.mktemp(way)
        own = evolve(
            settings, reuse=way in "def", cache=cache, quantize=precision(way, evolve(settings, quantize="int8"))
        )
        mine = evolve(job, way=way, settings=settings_values(own))
        found[way] = [run_plain(mine) if way in jobs.PLAIN_WAYS else run_resident(mine)]
    return found


def test_every_way_gives_the_same_answers(done):
    """Captions, answers and scripts are equal; vectors and scores are as near as arithmetic allows."""
    for way, (one,) in done.items():
        agreement = compare(one.said, done["b"][0].said)
        assert agreement.same == (way not in (jobs.QUANTISED, jobs.EXPERT_BF16)), f"{way}: {agreement}"
        assert agreement.texts == 2 + 2 * 3 + 1
        assert one.tokens == done["b"][0].tokens > 0


def test_counts_are_those_of_the_ways(done):
    """A model is loaded four times in (a); a clip is encoded for each request without reuse, once with and
    by the expert, never again."""
    assert {way: one.loads for way, (one,) in done.items()} == {way: 4 if way == "a" else 1 for way in done}
    per_clip = 1 + len(jobs.QUESTIONS) + 1 + len(jobs.LINES)
    visits = {"a": 2 * per_clip, "b": 2 * per_clip, "c": 2 * per_clip, "d": 2, "e": 0, "f": 2}
    visits |= {"g": 2, "h": 2}
    assert {way: one.encodes for way, (one,) in done.items()} == {way: visits[way] for way in done}


def test_an_engine_stands_before_the_model_of_resident_ways_alone():
    """transformers opens the model itself; names, folders and hub ids without an engine are left as they are."""
    assert engine_and_model("openvino:owner/name") == ("openvino:", "owner/name")
    assert engine_and_model("openvino:/a/folder") == ("openvino:", "/a/folder")
    for name in ("tiny", "owner/name", "/a/folder", "./folder", "C:\\folder"):
        assert engine_and_model(name) == ("", name)


def test_what_is_found_once_for_a_model_is_charged_to_no_way(settings, videos, tmp_path, monkeypatch):
    """What the states of texts have in common is found beforehand for Atom, and off the clock for the plain ways."""
    clock, state = [0.0], plain.Whole._inner_state

    def slow(self, text):
        clock[0] += text in TEXTS
        return state(self, text)

    monkeypatch.setattr(plain, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(plain.Whole, "_inner_state", slow)
    own = settings_values(evolve(settings, cache=tmp_path, reuse=False))
    job = Job(way="look", settings=own, videos=[str(videos[0])], caption_tokens=3, answer_tokens=2)
    job = evolve(job, layouts=look(job), way="a")
    one = run_plain(job)
    assert clock[0] == len(TEXTS)
    assert one.seconds == 0
    assert set(one.stages.values()) == {0}


def test_one_way_alone_is_compared_with_itself(done, settings):
    """A way that is measured alone has figures, too."""
    assert result({"f": done["f"]}, settings, 2)["reference"] == "f"


def test_figures_are_consistent(done, settings):
    """Ratios are those of the seconds, peaks are above what was held, and all of it is JSON and text."""
    value = result(done, settings, 2)
    for way, (one,) in done.items():
        assert 0 < one.imported_bytes <= one.peak_bytes
        assert sum(one.stages.values()) == pytest.approx(one.seconds, rel=0.1, abs=0.05)
        if way != "d":
            assert value["ratios"][f"{way}/d"]["median"] == pytest.approx(one.seconds / done["d"][0].seconds)
    assert json.loads(json.dumps(value))["ways"]["d"]["answers"]["same"]
    assert text(value).count(" same\n") == len(done) - len({"f", "h"} & done.keys())
    assert value["ways"]["f"]["quantize"] == "auto"


def test_lanes_that_overlap_are_told_by_their_busiest(done, settings):
    """The time at work is at least that of any lane; ways without lanes have no such figure."""
    ways = result(done, settings, 2)["ways"]
    assert "wall_to_busiest_lane" not in ways["a"]
    assert {"encode", "decode"} <= ways["d"]["lanes_s"].keys()
    assert "load" not in ways["d"]["lanes_s"]
    assert ways["d"]["wall_to_busiest_lane"]["median"] == pytest.approx(
        ways["d"]["stages_s"]["work"] / max(ways["d"]["lanes_s"].values())
    )


@pytest.mark.parametrize("what", ["captions", "answers", "script", "vectors", "scores"])
def test_a_wrong_answer_is_noticed(done, settings, what):
    """One changed word, number or sign is reported, whichever result it is in."""
    said = done["d"][0].said
    wrong = {
        "captions": [said.captions[0], f"{said.captions[1]}x"],
        "answers": [[*said.answers[0][:-1], "wrong"], said.answers[1]],
        "script": f"{said.script} more",
        "vectors": [[-number for number in said.vectors[0]], said.vectors[1]],
        "scores": [[said.scores[0][0] * 1.01, *said.scores[0][1:]], *said.scores[1:]],
    }
    changed = evolve(done["d"][0], said=evolve(said, **{what: wrong[what]}))
    agreement = compare(changed.said, said)
    assert not agreement.same
    assert (agreement.first_difference is not None) == (what in ("captions", "answers", "script"))
    value = result({**done, "d": [done["d"][0], changed], **{w: done[w] * 2 for w in done if w != "d"}}, settings, 2)
    assert not value["ways"]["d"]["answers"]["same"]
    assert f"{agreement.equal_texts}/{agreement.texts} equal" in text(value)


def test_ways_change_places_and_warm_follows_cold():
    """Each round has an order of its own; (e) comes right after (d), whose features it takes."""
    orders = [order("abcdef", number) for number in range(6)]
    assert len({tuple(one) for one in orders}) > 1
    assert all(sorted(one) == list("abcdef") and one.index("e") == one.index("d") + 1 for one in orders)
    assert order(("b", "e"), 1).count("e") == 1


def test_jobs_and_results_survive_json(done, settings, tmp_path):
    """What a process is told and what it says come back as they were."""
    job = Job(way="d", settings=settings_values(settings), videos=["a.mp4"])
    job.write(tmp_path / "job.json")
    assert atom.Settings(**Job.read(tmp_path / "job.json").settings) == settings
    done["d"][0].write(tmp_path / "done.json")
    assert compare(Done.read(tmp_path / "done.json").said, done["d"][0].said).same


def test_a_process_writes_its_result_or_says_why_not(settings, videos, tmp_path, capsys):
    """A way that cannot be run ends with code 1 and one line; one that can leaves its result."""
    paths = [str(path) for path in videos]
    job = Job(way="d", settings=settings_values(evolve(settings, cache=tmp_path)), videos=paths, caption_tokens=2)
    job.write(tmp_path / "job.json")
    assert main([str(tmp_path / "job.json"), str(tmp_path / "done.json")]) == 0
    assert Done.read(tmp_path / "done.json").encodes == 2
    evolve(job, settings={**job.settings, "model": str(tmp_path)}).write(tmp_path / "job.json")
    assert main([str(tmp_path / "job.json"), str(tmp_path / "done.json")]) == 1
    assert "has no config.json" in capsys.readouterr().err
