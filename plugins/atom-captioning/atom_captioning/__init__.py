"""Captions: what each shot of a video shows, as text, JSON and subtitles."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``caption`` and ``summarize``."""
    register.task("caption", "atom_captioning.tasks:CaptionClip", summary="Describe a clip in one sentence")
    register.task(
        "summarize", "atom_captioning.tasks:SummarizeCaptions", summary="Sum up the captions of a video's shots"
    )


@atom.hookimpl
def atom_register_formats(register: atom.Register) -> None:
    """Declare ``text``, ``json``, ``srt`` and ``vtt``."""
    for name, function, suffix, summary in (
        ("text", "text", ".txt", "Times and captions, line by line"),
        ("json", "as_json", ".json", "Captions with times, confidence and model"),
        ("srt", "srt", ".srt", "SubRip subtitles"),
        ("vtt", "vtt", ".vtt", "WebVTT subtitles"),
    ):
        register.format(name, f"atom_captioning.formats:{function}", summary=summary, suffix=suffix)


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom caption``."""
    summary = "Describe each shot of a video, with its times"
    register.command("caption", "atom_captioning.command:CaptionCommand", summary=summary, tasks=("caption",))
