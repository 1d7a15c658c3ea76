"""Captions: what each shot of a video shows, as text, JSON and subtitles."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``caption`` and ``summarize``."""
    register("caption", "atom_captioning.tasks:CaptionClip", summary="Describe a clip in one sentence")
    register("summarize", "atom_captioning.tasks:SummarizeCaptions", summary="Sum up the captions of a video's shots")


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom caption``."""
    register(
        "caption", "atom_captioning.command:CaptionCommand", summary="Describe each shot of a video, with its times"
    )
