"""Scripts: what the decoder wrote, or the request itself."""

from types import SimpleNamespace

import atom_assembly
import pytest
from atom_assembly.script import in_view, parse_script, split_request
from atom_assembly.sources import MOST_LOOKED_FOR

import atom_core as atom
from atom_core.testing.fakes import FakeDecoder, FakeHost


def script_of(answer, request="dogs, and then cats", **settings):
    host = FakeHost(atom_assembly, decoder=FakeDecoder(default=answer))
    return host.run("script", atom.Request(text=request), **settings), host


def test_the_decoder_writes_the_script():
    """The prompt is the fixed one; lines come back bare, in order, with what wrote them."""
    script, host = script_of('1. A dog runs.\n\n2) "a cat sleeps"\n- **a bird**', request="pets\n at home")
    assert host.decoder.prompts == ["Write the shots of this film, one per line: pets at home"]
    assert script.lines == ("A dog runs.", "a cat sleeps", "a bird")
    assert script.provenance.model == "fake (none)"


@pytest.mark.parametrize(
    ("request_text", "lines"),
    [
        (
            "First a dog runs, then a cat sleeps, and finally the sun sets.",
            ("a dog runs", "a cat sleeps", "the sun sets"),
        ),
        ("Start with a dog. Next comes a cat. End with the sun.", ("a dog", "a cat", "the sun")),
        ("A dog; a cat", ("a dog", "a cat")),
        ("Start with a dog, continue with a cat and end with the sun.", ("a dog", "a cat", "the sun")),
        ("Open with a dog, go on with a cat, and close with the sun", ("a dog", "a cat", "the sun")),
        ("I want a dog that runs; next a cat; last the sun.", ("a dog that runs", "a cat", "the sun")),
        ("We'd like to see a dog, then a cat next to a car", ("a dog", "a cat next to a car")),
    ],
)
def test_a_request_that_lists_its_shots_is_the_script(request_text, lines):
    """Shots in a stated order are taken word for word and nothing is asked of the decoder, unless that is set."""
    script, host = script_of("something else\nand more", request=request_text)
    assert (script.lines, script.provenance, host.decoder.prompts) == (lines, None, [])
    asked = host.run("script", atom.Request(text=request_text), verbatim=False)
    assert asked.lines == ("something else", "and more")


@pytest.mark.parametrize(
    "request_text",
    ["a film about summer", "A dog. It should feel warm.", "my holiday", "a story that ends with a wedding"],
)
def test_a_request_without_an_order_is_written_out_by_the_decoder(request_text):
    """Only the decoder can say what shots such a film has."""
    script, _ = script_of("a beach\na tent", request=request_text)
    assert script.lines == ("a beach", "a tent")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Here are the shots:\n* a dog\n• a cat", ["a dog", "a cat"]),
        ("Shot 1: a dog\nScene 2 - a cat", ["a dog", "a cat"]),
        ("# Title\n(1) “two 3D dogs”\n---\n2 cats", ["Title", "two 3D dogs", "2 cats"]),
        (" \n...\n", []),
    ],
)
def test_lines_are_bare(text, lines):
    """Numbers, bullets, quotes, headings and rules go; what the line says stays."""
    assert parse_script(text) == lines


def test_an_incomplete_last_line_goes():
    """A script cut short loses its last line, unless that is all there is."""
    assert parse_script("a dog\na c", cut_short=True) == ["a dog"]
    assert parse_script("a do", cut_short=True) == ["a do"]


@pytest.mark.parametrize(
    "answer", ["", "  \n", "a dog\n" * 9, "dog " * 200, "\n".join(f"shot of {n}" for n in range(30))]
)
def test_babble_falls_back_to_the_request(answer):
    """Nothing, one thing over and over, too long or too many lines: the request is split, and the script says so."""
    script, _ = script_of(answer, verbatim=False)
    assert script.lines == ("dogs", "cats")
    assert script.provenance is None


@pytest.mark.parametrize(
    ("request_text", "lines"),
    [
        ("a dog", ("a dog",)),
        ("Show: the red circle, then what moves left", ("the red circle", "what moves left")),
        ("Make a film about a dog. It runs; a cat sleeps.", ("a dog", "It runs", "a cat sleeps")),
        ("a red circle, a blue square, and a dog", ("a red circle", "a blue square", "a dog")),
        ("a big, red dog followed by a cat", ("a big, red dog", "a cat")),
        ("1.5 metres of snow", ("1.5 metres of snow",)),
        ("!?", ("!?",)),
    ],
)
def test_requests_are_split_at_clauses(request_text, lines):
    """Sentences and clauses become lines in their order; nothing is lost, nothing is empty."""
    assert split_request(request_text) == lines


def test_captions_near_a_long_request_are_looked_for_by_its_beginning():
    """A model that reads some thousand tokens at once is asked for no more."""
    asked = []
    library = type("Library", (), {"__len__": lambda _: 1, "videos": lambda _: {}})()
    host = SimpleNamespace(library=library, run=lambda _, query: asked.append(query.text) or [])
    assert in_view(host, "a dog runs, then a cat sleeps, then " * 150) == ([], [])
    assert [len(text) for text in asked] == [MOST_LOOKED_FOR]
