"""Speech whose words and times are known, made on the spot by espeak-ng, and videos in which it is said."""

from atom_core.testing.speech.espeak import VOICES, Said, has_espeak, say
from atom_core.testing.speech.sentences import SENTENCES
from atom_core.testing.speech.talks import RATE_HZ, Line, hum, music, noise, spoken, write_talk

__all__ = [
    "RATE_HZ",
    "SENTENCES",
    "VOICES",
    "Line",
    "Said",
    "has_espeak",
    "hum",
    "music",
    "noise",
    "say",
    "spoken",
    "write_talk",
]
