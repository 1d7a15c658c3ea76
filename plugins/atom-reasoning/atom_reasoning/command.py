"""``atom ask``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import atom_core as atom

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

MOST_VIDEOS = 60
"""Videos of the library that one question is asked of; of more, those that a search for it finds."""


class AskCommand:
    """Answer questions about a video, each video of a folder, several together ("Which video ..."), or, where no video
    is named, all that is in the library; with the times that support each answer."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "video", metavar="VIDEO", nargs="?", help="video file or folder, or several; none: the library"
        )
        parser.add_argument("questions", nargs="*", metavar="QUESTION", help="what to ask, in quotes")

    def run(self, context: atom.CommandContext) -> None:
        """One result per video and question, in order; one per question that is asked of several videos together."""
        paths, texts = _told_apart(context)
        if is_one_without_quotes(texts):
            texts = [" ".join(texts)]
            context.note(f"taken for one question, {texts[0]!r}; put each in quotes to ask several")
        if not texts:
            raise atom.SettingsError(_no_question(context.settings.library_called, paths))
        for blank in (text for text in texts if not text.strip()):
            context.fail(repr(blank), "a question needs words; put each question in quotes")
        texts = [text for text in texts if text.strip()]
        for text in texts:
            if not is_read(text):
                context.note(f"{text!r}: questions are read in English, German and French; clips are asked it as it is")
        if not paths:
            for text in texts:
                _ask(context, [_together(of_library(context, text), text)], named=True)
            return
        from atom_reasoning.reading.kinds.videos import is_about_several

        videos = context.videos(paths)
        names = [video.path.name for video in videos]
        several = [text for text in texts if len(videos) > 1 and is_about_several(text, names)]
        for video in videos:
            questions = [atom.Question(video=video, text=text) for text in texts if text not in several]
            _ask(context, questions, named=len(videos) > 1)
        _ask(context, [_together(videos, text) for text in several], named=False)


def _no_question(library: str, paths: Sequence[str]) -> str:
    """What is said where nothing is asked; `--library` before a question takes it for the folder."""
    if not paths and (" " in library.strip() or library.endswith("?")) and not os.path.exists(library):
        return (
            f"there is no question: --library names a folder, and got {library!r}; the library is asked by"
            " `atom ask QUESTION`, that of another folder by `atom ask --library DIR QUESTION`"
        )
    return "there is no question; write it behind the video, in quotes"


def is_read(text: str) -> bool:
    """Whether a question is in a language that is read; else clips are asked it as it is."""
    from atom_reasoning.reading.languages.words import in_english, is_english

    return is_english(text) or in_english(text) is not None


def _told_apart(context: atom.CommandContext) -> tuple[list[str], list[str]]:
    """Videos and questions: what stands first is a video, and what follows as long as it is one. A first word that does
    not exist and reads like a question is one, of the videos behind it, or else of the library."""
    words = [word for word in (context.args.video, *context.args.questions) if word is not None]
    if not words:
        return [], []
    if not os.path.exists(words[0]) and _is_question(words):
        behind = [word for word in words[1:] if _is_video(word)] if " " in words[0].strip() else []
        return behind, [word for word in words if word not in behind]
    number = 1
    while number < len(words) and _is_video(words[number]):
        number += 1
    return words[:number], words[number:]


def _is_video(word: str) -> bool:
    """Whether a word beside a video is another one: a file or folder that is there, or one that was meant to be."""
    if not word.strip() or word.rstrip().endswith("?"):
        return False
    return os.path.exists(word) or (" " not in word and (os.sep in word or _has_suffix_of_video(word)))


def _has_suffix_of_video(word: str) -> bool:
    from atom_core.media.probe import VIDEO_SUFFIXES

    return os.path.splitext(word)[1].lower() in VIDEO_SUFFIXES


def _is_question(words: Sequence[str]) -> bool:
    """Whether words that name no file are a question, in quotes or without."""
    return (
        " " in words[0].strip()
        or (len(words) == 1 and words[0].endswith("?"))
        or (words[-1].endswith("?") and not os.path.splitext(words[0])[1] and len(words) > 2)
    )


def of_library(context: atom.CommandContext, text: str) -> list[atom.Video]:
    """The videos of the library that a question is asked of.

    :raises LibraryError: if the library is empty
    """
    host = context.host()
    known = host.library.videos()
    if not known:
        raise atom.LibraryError("the library is empty; index videos with `atom index`, or name a video")
    chosen = list(known.values())
    if len(known) > MOST_VIDEOS:
        moments = host.run("search", _looked_for(host, text))
        found = list(dict.fromkeys(moment.path for moment in moments))
        chosen = (found or chosen)[:MOST_VIDEOS]
        context.note(f"asked of the {len(chosen)} videos that a search finds, of {len(known)} in the library")
    return context.videos(sorted(map(str, chosen)))


def _looked_for(host: atom.Host, text: str) -> atom.Query:
    """What finds the videos that a question is asked of: of one about words, the words."""
    from atom_reasoning.spoken import asked_of_speech
    from atom_reasoning.written import asked_of_writing

    for channel, task, read in (("speech", "transcribe", asked_of_speech), ("text", "read", asked_of_writing)):
        asked = read(text) if task in host.tasks else None
        if asked is not None and asked.topic:
            words = f'"{asked.topic}"' if asked.exact else asked.topic
            return atom.Query(text=words, limit=5 * MOST_VIDEOS, channels=(channel,))
    return atom.Query(text=text, limit=5 * MOST_VIDEOS)


def _together(videos: Sequence[atom.Video], text: str) -> atom.Question:
    """One question of several videos.

    :raises MediaError: if none of them can be read
    """
    if not videos:
        raise atom.MediaError("none of the library's videos can be read; `atom index` finds those that were moved")
    return atom.Question(video=videos[0], text=text, others=tuple(videos[1:]))


def _ask(context: atom.CommandContext, questions: Sequence[atom.Question], *, named: bool) -> None:
    with context.progress("Asking", len(questions)) as progress:
        for outcome in context.host().map("answer", questions):
            progress.advance()
            video = outcome.item.video
            if outcome.error is not None:
                context.fail(f"{video.path}: {outcome.item.text}", outcome.error)
                continue
            if outcome.value.truncated:
                context.note(
                    f"'{video.path}': the answer to {outcome.item.text!r} ran into the limit of tokens and"
                    " ends before it; --max-new-tokens raises it"
                )
            heading = f"{video.path}: " if named and not outcome.item.others else ""
            context.emit(as_json(video, outcome.value), heading + as_text(outcome.value))


def is_one_without_quotes(texts: Sequence[str]) -> bool:
    """Whether questions are the words of one that stands without quotes."""
    words = all(len(text.split()) == 1 for text in texts)
    return len(texts) > 1 and words and not all(text.endswith("?") for text in texts)


def as_json(video: atom.Video, answer: atom.Answer) -> dict[str, Any]:
    """The JSON value of an answer; of several questions that were asked at once, with those to each as ``parts``."""
    parts = {"parts": [_part(one) for one in answer.parts]} if answer.parts else {}
    return {
        "video": str(video.path),
        **_part(answer),
        **parts,
        "truncated": answer.truncated,
        "model": answer.provenance.model if answer.provenance else None,
        "frames": answer.provenance.frames if answer.provenance else None,
    }


def _part(answer: atom.Answer) -> dict[str, Any]:
    return {
        "question": answer.question,
        "answer": answer.text,
        "evidence": [_span(span) for span in answer.evidence],
        "confidence": answer.confidence,
    }


def _span(span: atom.Span) -> dict[str, Any]:
    where = {"video": str(span.video.path)} if isinstance(span, atom.Clip) else {}
    return {**where, "start_s": span.start_s, "end_s": span.end_s}


def as_text(answer: atom.Answer) -> str:
    """The answer for people: question, answer, and the times that support it; of several, one after the other."""
    if answer.parts:
        own = "\n".join(as_text(part) for part in answer.parts)
        return "\n".join([answer.question, *(f"  {line}" for line in own.splitlines())])
    names = [f"{span.video.path}  " if isinstance(span, atom.Clip) else "" for span in answer.evidence]
    times = [f"  {name}{span.times}" for name, span in zip(names, answer.evidence, strict=True)]
    return "\n".join([answer.question, f"  {answer.text}", *times])
