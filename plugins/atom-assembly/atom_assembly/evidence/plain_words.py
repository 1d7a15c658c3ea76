"""Plain words for what people say in choicer ones: tried where the decoder does not know those."""

from __future__ import annotations

import re

from atom_assembly.evidence.words import stem

_PLAIN = {
    "moves": "drift glide travel float slide go head shift roll fly slip wander pass sail proceed advance",
    "moves down": "fall drop descend sink lower plunge tumble",
    "moves up": "rise ascend climb lift soar",
    "grows": "enlarge expand swell widen inflate increase",
    "shrinks": "dwindle contract deflate diminish reduce decrease",
    "blinks": "flash flicker twinkle wink pulse pulsate strobe glimmer",
    "circles": "orbit loop revolve",
    "appears": "emerge materialise materialize arrive enter",
    "disappears": "vanish fade leave exit dissolve",
    "stays still": "rest freeze remain motionless static immobile stationary stand unmoving",
}
_BY_STEM = {stem(word): plain for plain, words in _PLAIN.items() for word in words.split()}
_FILLING = re.compile(
    r"\s+(?:slowly|quickly|gently|rapidly|smoothly|away|completely|motionless|still|put|downwards?|upwards?)\b"
)


def plainly(predicate: str) -> str:
    """What something does in plain words; as it is where there are none for it: "drifting left" is "moves left"."""
    first, _, rest = predicate.strip().partition(" ")
    plain = _BY_STEM.get(stem(first))
    if plain is None:
        return predicate
    rest = _FILLING.sub("", f" {rest}").strip()
    rest = re.sub(r"^(?:down|up)$", "", rest) if plain in ("moves down", "moves up") else rest
    return f"{plain} {rest}".strip()
