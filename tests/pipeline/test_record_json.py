"""Records as JSON, back again, and what says how they look."""

from pathlib import Path

import attrs
import numpy as np
import pytest

from atom_core.errors import SettingsError
from atom_core.pipeline.record_json import converter, plain, read_record, schema_of
from atom_core.records import Caption, Clip, Entry, Query, Timeline, Video

VIDEO = Video(path=Path("a.mp4"), content_hash="0" * 40, duration_s=2, width=4, height=2, fps=25)
CLIP = Clip(video=VIDEO, start_s=0, end_s=1)
STRICT = converter(forbid_extra_keys=True)


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (CLIP, Clip),
        (Query(text="a dog", limit=3, videos=("a",)), Query),
        ((Caption(clip=CLIP, text="a dog"),) * 2, tuple[Caption, ...]),
    ],
)
def test_there_and_back(record, kind):
    """A record that is read from its JSON is equal to what it was."""
    assert read_record(plain(record), kind, STRICT) == record


def test_arrays():
    """A vector comes back with its type and shape."""
    entry = Entry(clip=CLIP, vector=np.arange(4, dtype=np.float32), caption="a dog")
    back = read_record(plain(entry), Entry, STRICT)
    assert back.vector.dtype == np.float32
    assert back.vector.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ([], Query, "no Query: expected an object, got list @ item"),
        ({"text": "a", "colour": 1}, Query, "there is no field 'colour' @ item"),
        ({"text": "a", "limit": "many"}, Query, "expected int: .*'many' @ item.limit"),
        ({"text": "a", "limit": 0}, Query, "limit.* @ item"),
        ([{"text": "a"}], tuple[Caption, ...], r"there is no 'clip' @ item\[0\].clip"),
        ({**plain(CLIP), "video": {**plain(VIDEO), "duration_s": -1}}, Clip, "duration_s.* @ item.video"),
        ({"clip": plain(CLIP), "vector": {"dtype": "O", "shape": [1], "data": ""}}, Entry, "@ item"),
    ],
)
def test_what_does_not_fit(value, kind, said):
    """What is no such record is refused in one line that says where and why."""
    with pytest.raises(SettingsError, match=said) as error:
        read_record(value, kind, STRICT)
    assert "\n" not in str(error.value)


def test_nested_too_deeply():
    """A value that is nested without end is refused, not a crash."""
    value: object = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(SettingsError):
        read_record(value, Timeline, STRICT)


@attrs.frozen
class Tree:
    """Holds its own kind."""

    name: str
    """What it is called."""
    parts: "tuple[Tree, ...]" = ()
    """What grows on it."""


def test_a_record_may_hold_its_own_kind(monkeypatch):
    """Such a record is described, too."""
    import sys
    import types

    monkeypatch.setitem(sys.modules, Tree.__module__, types.SimpleNamespace(Tree=Tree))
    found = {}
    assert schema_of(Tree, found) == {"$ref": "#/$defs/Tree"}
    assert found["Tree"]["properties"]["parts"]["items"] == {"$ref": "#/$defs/Tree"}
    assert found["Tree"]["required"] == ["name"]
    tree = Tree("a", (Tree("b"),))
    assert read_record(plain(tree), Tree, STRICT) == tree


def test_schema_of_a_record():
    """The schema has each field's type and text, those that are inherited, too."""
    found = {}
    schema_of(tuple[Clip, ...], found)
    properties = found["Clip"]["properties"]
    assert properties["start_s"] == {"type": "number", "description": "First instant, seconds."}
    assert properties["video"]["$ref"] == "#/$defs/Video"
    assert found["Video"]["properties"]["recorded_s"]["anyOf"] == [{"type": "number"}, {"type": "null"}]
    assert found["Video"]["properties"]["leaps"]["items"]["prefixItems"] == [{"type": "number"}] * 2
