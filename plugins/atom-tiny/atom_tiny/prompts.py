"""The exact strings that Atom sends to a SmolVLM-format model."""

from __future__ import annotations

IMAGE = "<fake_token_around_image><global-img><image><fake_token_around_image>"
EOU = "<end_of_utterance>"
START = "<|im_start|>"

CAPTION = "Describe this clip in one sentence."
EMBED = "Summarize the above in one word:"
SUMMARY = "Summarize these shots in one sentence:\n"
SCRIPT = "Write the shots of this film, one per line: "
ORDER = "Shots:\n{shots}\nRequest: {request}\nAnswer with the shot numbers in order."

CAPTION_VARIANTS = (CAPTION, CAPTION, CAPTION, "Describe this clip.", "What happens in this clip?", "What is shown?")


def clip_text(frames: int = 8, duration_s: float = 3.0, frame_word: str = "eight") -> str:
    """What stands for one clip: the introduction, its frames with times, and the outro."""
    minutes, seconds = divmod(int(duration_s), 60)
    stamps = ((i + 0.5) / frames * duration_s for i in range(frames))
    shown = "".join(f"\nFrame from {int(t) // 60:02d}:{int(t) % 60:02d}:{IMAGE}" for t in stamps)
    length = f"0:{minutes:02d}:{seconds:02d}"
    intro = f"You are provided the following series of {frame_word} frames from a {length} [H:MM:SS] video.\n"
    return f"{intro}{shown}\n\n"


def numbered(captions: list[str]) -> str:
    """`1. ...` per line."""
    return "\n".join(f"{i}. {text}" for i, text in enumerate(captions, 1))


def turn(text: str) -> str:
    """The end of a prompt: the text and the call for an answer."""
    return f"{text}{EOU}\nAssistant:"


def prompt(text: str, *, clips: int = 0) -> str:
    """A whole prompt with `clips` clips before the text."""
    return f"{START}User: {clip_text() * clips}{turn(text)}"


def answer(text: str) -> str:
    """How an answer continues a prompt."""
    return f" {text}{EOU}"


def embed_text(text: str) -> str:
    """The user text whose last prompt state is the vector of `text`."""
    return f"{text}\n{EMBED}"
