"""Where somebody speaks: a voice detector that tasks share by name, and a task that is lent it beside the model."""

import atom_core as atom


@atom.hookimpl
def atom_register_modules(register: atom.Register) -> None:
    """Share ``voices``."""
    register.module("voices", "atom_voices.voices:Voices", summary="Finds speech in sound", memory_bytes=40 * 2**20)


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``caption-speech``."""
    register.task(
        "caption-speech", "atom_voices.task:CaptionSpeech", summary="Describe a clip, and say where is speech"
    )
