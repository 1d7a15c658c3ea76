"""A labelled folder is evaluated: what is right counts, what is wrong is shown, and two settings are compared."""

import base64
import io
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from atom_bench.quality import svg
from atom_bench.quality.collect import Film, Reply, Results, as_set, collect
from atom_bench.quality.command import check_places, result, text, write
from atom_bench.quality.labels import read_labels
from atom_bench.quality.measures import judge
from atom_bench.quality.page import strip
from attrs import evolve
from PIL import Image

import atom_core as atom
from atom_core.files.outputs import Outputs
from atom_core.testing.videos import BLUE, GREEN, RED, Shot, write_video

SHOWS = {"a.mp4": [("red circle", RED), ("blue star", BLUE)], "b.mp4": [("green ring", GREEN)]}


def shot_label(thing, start_s):
    colour, shape = thing.split()
    return {
        "start_s": start_s,
        "end_s": start_s + 0.5,
        "caption": f"a {thing} grows",
        "captions": [f"a {thing} grows", f"a {thing} gets bigger"],
        "changed": [f"a {thing} blinks"],
        "objects": [{"colour": colour, "shape": shape, "size": "large", "action": "grows"}],
    }


def question_labels(thing, number):
    colour, shape = thing.split()
    start_s = number / 2
    return [
        {
            "shot": number,
            "type": "colour",
            "question": f"What colour is the {shape}?",
            "answer": colour,
            "spans_s": [[start_s, start_s + 0.5]],
        },
        {"shot": number, "type": "absent", "question": "What colour is the cat?", "answer": "not shown", "spans_s": []},
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two videos, three shots, six questions, a film and a comparison."""
    folder = tmp_path_factory.mktemp("labelled")
    rows = []
    for name, shots in SHOWS.items():
        write_video(folder / name, shots=[Shot(12, colour) for _, colour in shots])
        questions = [one for number, (thing, _) in enumerate(shots) for one in question_labels(thing, number)]
        labels = [shot_label(thing, number / 2) for number, (thing, _) in enumerate(shots)]
        summary = ", then ".join(label["caption"] for label in labels)
        rows.append({"video": name, "shots": labels, "questions": questions, "summary": summary})
    pool = [["a.mp4", 0], ["a.mp4", 1], ["b.mp4", 0]]
    script = ["a green ring grows", "a red circle grows"]
    film = {"request": "A green ring grows, then a red circle.", "script": script, "pool": pool, "order": [2, 0]}
    pair = {"first": pool[0], "second": pool[1], "question": "In which is there something red?", "answer": "first"}
    for file, lines in (("labels", rows), ("films", [film]), ("comparisons", [pair])):
        (folder / f"{file}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def truth(labels):
    """Results that are right in everything."""
    eye = np.eye(len(labels.shots), dtype=np.float32)
    return Results(
        model="oracle (none)",
        captions=[Reply(text=shot.captions[0], confidence=1.0) for shot in labels.shots],
        logprobs=[-0.5 * (number + 1) for number in range(len(labels.shots))],
        answers=[Reply(text=asked.answer, confidence=1.0) for asked in labels.questions],
        video_answers={
            number: Reply(text=asked.answer, evidence_s=asked.spans_s)
            for number, asked in enumerate(labels.questions)
            if asked.unit == 0
        },
        vectors_SE=eye,
        caption_vectors_SE=eye,
        queries_SE=eye,
        reworded_SE=eye,
        changed_SE=eye[::-1] * 0.5,
        films=[Film(script=film.script, order=film.order) for film in labels.films],
        comparisons=[Reply(text=pair.answer) for pair in labels.comparisons],
        summaries={0: labels.summaries[0]},
        ledger={},
    )


def test_labels_are_read(folder):
    """Videos, shots, questions, films and comparisons, each in its place."""
    labels = read_labels(folder)
    assert [shot.place for shot in labels.shots] == [("a.mp4", 0), ("a.mp4", 1), ("b.mp4", 0)]
    assert labels.shots[1].objects == (("blue", "star"),)
    assert [asked.answer for asked in labels.questions][::2] == ["red", "blue", "green"]
    assert labels.films[0].order == (2, 0)
    assert labels.comparisons[0].second == ("a.mp4", 1)
    assert [asked.unit for asked in labels.with_questions(3).questions] == [0, 0, 1]


def test_bad_labels_are_named(folder, tmp_path):
    """A missing file, a wrong key, a video that is gone: each is one line that says where."""
    with pytest.raises(atom.MediaError, match=r"labels\.jsonl is missing; .*--render"):
        read_labels(tmp_path)
    (tmp_path / "labels.jsonl").write_text('{"video": "x.mp4"}\n')
    with pytest.raises(atom.MediaError, match=r"labels\.jsonl does not fit.*'shots'"):
        read_labels(tmp_path)
    (tmp_path / "labels.jsonl").write_text('{"video": "x.mp4", "shots": []}\n')
    with pytest.raises(atom.MediaError, match=r"x\.mp4, which is not there"):
        read_labels(tmp_path)
    (tmp_path / "labels.jsonl").write_text((folder / "labels.jsonl").read_text())
    (tmp_path / "films.jsonl").write_text('{"request": "x", "script": [], "pool": [["z.mp4", 0]], "order": []}\n')
    with pytest.raises(atom.MediaError, match=r"z\.mp4"):
        read_labels(tmp_path)
    (tmp_path / "films.jsonl").write_text('{"request": "x", "script": [], "words": ["a"], "pool": [], "order": []}\n')
    with pytest.raises(atom.MediaError, match="'words' has 1 lines, 'script' 0"):
        read_labels(tmp_path)


def test_a_script_may_keep_the_words_of_the_request(folder):
    """Each line is right as it is labelled or as the request has it; other words, or a line less, are wrong."""
    labels = read_labels(folder)
    (film,) = labels.films
    told = evolve(labels, films=(evolve(film, words=("A ring getting bigger", "a red disc grows")),))
    for script, value in (
        (("a ring getting bigger", "a red circle grows"), 100.0),
        (("a ring getting smaller", "a red circle grows"), 0.0),
        (("a ring getting bigger",), 0.0),
    ):
        results = evolve(truth(told), films=[Film(script=script, order=film.order)])
        assert judge(told, results).measures["script_exact"].value() == value


def test_what_is_right_counts_in_full(folder):
    """Results that are right in everything have 100 everywhere, and no calibration error."""
    labels = read_labels(folder)
    judged = judge(labels, truth(labels))
    values = {name: measure.value() for name, measure in judged.measures.items()}
    assert values.pop("ece") == 0.0
    assert values.pop("nll") == 1.0
    assert 300 < values.pop("cider_d") <= 1000
    assert values == dict.fromkeys(values, 100.0)
    assert {"questions", "not_shown", "recall_at_1", "assembly_order", "script_exact", "span_iou", "summaries"} <= set(
        values
    )
    assert judged.median_rank == 1.0


def test_what_is_wrong_is_noticed(folder):
    """Each kind of mistake lowers its own figure and no other."""
    labels = read_labels(folder)
    right = truth(labels)
    wrong = {
        "caption_objects": {"captions": [Reply(text="a red square grows"), *right.captions[1:]]},
        "nll": {"logprobs": [-0.5, -1.0, -2.5]},
        "not_shown": {"answers": [right.answers[0], Reply(text="red", confidence=0.5), *right.answers[2:]]},
        "recall_at_1": {"vectors_SE": right.vectors_SE[[1, 0, 2]]},
        "script_exact": {"films": [Film(script=("nothing",), order=(2, 0))]},
        "assembly_order": {"films": [Film(script=right.films[0].script, order=(0, 2))]},
        "comparisons": {"comparisons": [Reply(text="second")]},
        "span_iou": {"video_answers": {0: Reply(text="red", evidence_s=((0.25, 1.0),))}},
    }
    related = {"not_shown": {"questions", "questions_worst", "questions_contained", "questions.absent", "ece"}}
    related["caption_objects"] = {"caption_exact", "caption_motions", "cider_d"}
    related["recall_at_1"] = {"recall_at_1_reworded", "recall_at_1_library", "beats_changed"}
    best = {name: measure.value() for name, measure in judge(labels, right).measures.items()}
    for name, changes in wrong.items():
        changed = Results(**{**{k: getattr(right, k) for k in Results.__annotations__}, **changes})
        values = {key: measure.value() for key, measure in judge(labels, changed).measures.items()}
        lowered = {key for key, value in values.items() if value != best[key]}
        assert name in lowered
        assert lowered <= {name} | related.get(name, set()), name


def test_a_model_is_asked_everything(folder, settings):
    """A real host answers each shot, question, film, comparison and summary; figures and page follow."""
    labels, failed, steps = read_labels(folder), [], []
    given = evolve(settings, segment="shots")
    results = collect(
        given, labels, fail=lambda what, error: failed.append((what, error)), step=lambda: steps.append(1)
    )
    assert failed == []
    assert len(steps) == len(labels.shots) + len(labels.films)
    assert [len(results.captions), len(results.answers), len(results.films)] == [3, 6, 1]
    assert sorted(results.video_answers) == [0, 1, 2, 3]
    assert set(results.films[0].order) <= {0, 1, 2}
    assert list(results.summaries) == [0]
    assert all(logprob < 0 for logprob in results.logprobs)
    cold = collect(evolve(given, reuse=False), labels, fail=lambda *_: None, step=lambda: None)
    assert cold.logprobs == pytest.approx(results.logprobs, abs=5e-4)
    assert results.ledger["encoder_clips"]["computed"] <= 3 + 2
    assert np.linalg.norm(results.vectors_SE, axis=1) == pytest.approx(1.0)


def test_page_has_its_parts(folder, settings, tmp_path):
    """Both settings with their differences, plots as SVG, the worst mistakes as pictures; nothing from elsewhere."""
    labels = read_labels(folder)
    first = truth(labels)
    bad = [Reply(text="<b>purple</b>", confidence=0.9), *first.answers[1:]]
    second = evolve(first, answers=bad, captions=[Reply(text="a cat"), *first.captions[1:]])
    runs = {name: (one, judge(labels, one)) for name, one in (("as set", first), ("quantize=int8", second))}
    value = result(labels, runs, settings)
    assert value["differences"]["questions.colour"]["difference"] == pytest.approx(-100 / 3)
    assert value["differences"]["not_shown"] == {"difference": 0.0, "low": 0.0, "high": 0.0}
    write(tmp_path, value, labels, runs, settings)
    page = (tmp_path / "quality.html").read_text()
    assert page.count("<svg") == page.count("</svg>") == 4
    assert page.count("data:image/png;base64,") >= 2
    assert "&lt;b&gt;purple&lt;/b&gt;" in page
    assert "<b>purple" not in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    whole = json.loads((tmp_path / "quality.json").read_text())
    assert whole["details"]["quantize=int8"]["answers"][0]["right"] is False
    assert "quantize=int8" in text(value, tmp_path).splitlines()[0]
    write(tmp_path, value, labels, runs, settings)
    check_places(tmp_path, Outputs(settings.cache))


@pytest.mark.parametrize("name", ["quality.json", "quality.html"])
def test_what_atom_did_not_write_is_kept(folder, settings, tmp_path, name):
    """Results replace results alone, which is known before any work; or what the user says."""
    labels = read_labels(folder)
    runs = {"as set": (truth(labels), judge(labels, truth(labels)))}
    value = result(labels, runs, settings)
    (tmp_path / name).write_text("mine")
    with pytest.raises(atom.SettingsError, match=rf"{name}': it exists .*; choose another folder with -o DIR"):
        check_places(tmp_path, Outputs(settings.cache))
    with pytest.raises(atom.MediaError, match="is not what Atom wrote"):
        write(tmp_path, value, labels, runs, settings)
    assert (tmp_path / name).read_text() == "mine"
    write(tmp_path, value, labels, runs, settings, overwrite=True)
    assert (tmp_path / name).read_text() != "mine"


def test_plots_are_wellformed():
    """Every plot is XML, and its bars are as long as their values say."""
    bars = ElementTree.fromstring(svg.bars("t", [("a & b", [50.0]), ("c", [100.0])], ["x"]))
    widths = [float(rect.get("width")) for rect in bars.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths == [160.0, 320.0]
    ElementTree.fromstring(svg.histogram("t", {"x": [1, 2], "y<": [0, 3]}, ["1", "2"]))
    ElementTree.fromstring(svg.reliability("t", {"x": [(0.5, 0.4, 10)]}))


def test_strip_is_a_picture():
    """Frames side by side, as a PNG that reads back."""
    uri = strip([np.full((48, 64, 3), level, np.uint8) for level in (0, 255)])
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert picture.size == (2 * (96 + 2), 72)
    assert picture.convert("L").getpixel((40, 30)) < 20
    assert picture.convert("L").getpixel((140, 30)) > 235


def test_compared_setting(settings):
    """``--compare`` changes one setting, checked like all settings."""
    assert as_set(settings, "quantize=int8").quantize == "int8"
    assert as_set(settings, "frames=4").frames == 4
    for wrong in ("int8", "quantise=int8", "frames=many"):
        with pytest.raises(atom.SettingsError):
            as_set(settings, wrong)
