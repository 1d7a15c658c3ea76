"""What a plugin returns from a hook, looked at before it counts."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from atom_core.protocols import SEVERAL, Decoder, Encoder, ModelBackend

if TYPE_CHECKING:
    from atom_core.records import Video

_ROUNDING_S = 0.1


def kind_fault(wanted: type, result: object) -> str:
    """What is wrong with the result of a hook; empty if it is a `wanted`."""
    return "" if isinstance(result, wanted) else f"{_a(result)}, not {wanted.__name__}"


def modules_fault(result: Any) -> str:
    """What is wrong with the modules that a plugin loaded; empty if they can be called as tasks will call them."""
    if missing := missing_parts(ModelBackend, result):
        lacks = f"; it has no {', '.join(missing)}" if len(missing) < len(_members(ModelBackend)) else ""
        return f"{_a(result)}, not Modules or another ModelBackend{lacks}"
    for half, protocol in (("encoder", Encoder), ("decoder", Decoder)):
        module = getattr(result, half)
        if missing := [name for name in missing_parts(protocol, module) if name not in SEVERAL]:
            return f"modules whose {half}, {_a(module)}, has no {', '.join(missing)}"
    if not isinstance(result.model, str):
        return f"modules whose model is {_a(result.model)}, not text"
    for name in ("close", "reserve", "weights"):
        if not callable(getattr(result, name)):
            return f"modules whose {name} cannot be called"
    try:
        tuple(result.weights())
    except Exception as error:
        return f"modules whose weights() fails, {type(error).__name__}: {error}"
    return ""


def missing_parts(protocol: type, module: object) -> list[str]:
    """The public methods and attributes of `protocol`, a class, that `module` lacks."""
    return [name for name in _members(protocol) if not hasattr(module, name)]


def _members(protocol: type) -> list[str]:
    members = {name for kind in protocol.__mro__ for name in (*vars(kind), *inspect.get_annotations(kind))}
    return [name for name in sorted(members) if name[0] != "_"]


def clips_fault(video: Video, result: object) -> str:
    """What is wrong with the clips of `video`; empty if nothing is."""
    from atom_core.records import Clip  # a start of `atom` needs no records

    if not isinstance(result, list):
        return f"{_a(result)}, not a list of clips"
    end_s = 0.0
    for clip in result:
        if not isinstance(clip, Clip):
            return f"{_a(clip)} among the clips"
        if clip.video != video:
            return f"a clip of another video, '{clip.video.path}'"
        if clip.start_s < end_s - _ROUNDING_S or clip.end_s > video.duration_s + _ROUNDING_S:
            return f"the clip {clip.times}, which overlaps another or lies outside the video"
        end_s = clip.end_s
    return ""


def _a(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
