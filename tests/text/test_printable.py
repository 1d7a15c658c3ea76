"""Text of others is shown as text."""

import json

import pytest

from atom_core.text.printable import printable, printable_json

HOSTILE = {
    "esc": "a\x1b]0;owned\x07",
    "c1": "b\x9b31mred\x9d0;t\x9c",
    "del": "c\x7f",
    "return": "d\rOK",
    "line": "e.mp4\natom: all 3 videos were indexed",
    "other lines": "e\v\f\x1c\x1d\x1e\x85\u2028\u2029f",
    "direction": "f\u202e4pm.exe \u200e\u200f\u061c\u2066x\u2069",
    "unseen": "g\u200b\ufeff\u2060",
    "bytes": "h\udce9",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text(text):
    """Nothing that commands, breaks lines, turns or hides is left; JSON gives the same value."""
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) == 1
    assert shown[0] == text[0]
    spelt = printable_json({text: [text]})
    assert all(char.isprintable() or char == "\n" for char in spelt)
    assert json.loads(spelt) == {text: [text]}
    spelt.encode()


def test_text_of_people_stays():
    """Letters of all scripts, joined ones and emoji among them, tabs, and line breaks that are meant."""
    text = "Ünder 動画 שלום می\u200cخواهم 👩\u200d👧 \t-->"
    assert printable(text) == text
    assert json.loads(printable_json(text)) == text
    assert "👩\u200d👧" in printable_json(text)
    assert printable("a\nb\x1b", lines=True) == "a\nb\\x1b"
    assert printable("a\nb\r") == "a\\nb\\r"
