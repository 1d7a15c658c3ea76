"""``atom ask``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import atom_core as atom

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


class AskCommand:
    """Answer questions about a video, or each video of a folder, with the times that support each answer."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("video", metavar="VIDEO", help="video file or folder")
        parser.add_argument("questions", nargs="+", metavar="QUESTION", help="what to ask, in quotes")

    def run(self, context: atom.CommandContext) -> None:
        """One result per video and question, in order."""
        texts = context.args.questions
        if is_one_without_quotes(texts):
            texts = [" ".join(texts)]
            context.note(f"taken for one question, {texts[0]!r}; put each in quotes to ask several")
        for blank in (text for text in texts if not text.strip()):
            context.fail(repr(blank), "a question needs words; put each question in quotes")
        videos = context.videos([context.args.video])
        for video in videos:
            questions = [atom.Question(video=video, text=text) for text in texts if text.strip()]
            with context.progress("Asking", len(questions)) as progress:
                for outcome in context.host().map("answer", questions):
                    progress.advance()
                    if outcome.error is not None:
                        context.fail(f"{video.path}: {outcome.item.text}", outcome.error)
                    else:
                        if outcome.value.truncated:
                            context.note(
                                f"'{video.path}': the answer to {outcome.item.text!r} ran into the limit of tokens and"
                                " ends before it; --max-new-tokens raises it"
                            )
                        heading = f"{video.path}: " if len(videos) > 1 else ""
                        context.emit(as_json(video, outcome.value), heading + as_text(outcome.value))


def is_one_without_quotes(texts: Sequence[str]) -> bool:
    """Whether questions are the words of one that stands without quotes."""
    words = all(len(text.split()) == 1 for text in texts)
    return len(texts) > 1 and words and not all(text.endswith("?") for text in texts)


def as_json(video: atom.Video, answer: atom.Answer) -> dict[str, Any]:
    """The JSON value of an answer."""
    return {
        "video": str(video.path),
        "question": answer.question,
        "answer": answer.text,
        "evidence": [{"start_s": span.start_s, "end_s": span.end_s} for span in answer.evidence],
        "truncated": answer.truncated,
        "confidence": answer.confidence,
        "model": answer.provenance.model if answer.provenance else None,
        "frames": answer.provenance.frames if answer.provenance else None,
    }


def as_text(answer: atom.Answer) -> str:
    """The answer for people: question, answer, and the times that support it."""
    times = [f"  {span.times}" for span in answer.evidence]
    return "\n".join([answer.question, f"  {answer.text}", *times])
