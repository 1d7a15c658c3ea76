"""Frozen values that flow between rooms, tasks and plugins. Times are seconds from the video's first frame."""

from atom_core.records.answer import Answer, Caption, Generated, Provenance, Question
from atom_core.records.film import Constraints, Cut, Film, Request, Script, Timeline, Unmet, Wanted
from atom_core.records.library import Entry, Moment, Query, Quote
from atom_core.records.span import Span
from atom_core.records.video import Clip, Features, Frames, Sound, Video
from atom_core.records.words import SpokenWord, Utterance, WrittenText

__all__ = [
    "Answer",
    "Caption",
    "Clip",
    "Constraints",
    "Cut",
    "Entry",
    "Features",
    "Film",
    "Frames",
    "Generated",
    "Moment",
    "Provenance",
    "Query",
    "Question",
    "Quote",
    "Request",
    "Script",
    "Sound",
    "Span",
    "SpokenWord",
    "Timeline",
    "Unmet",
    "Utterance",
    "Video",
    "Wanted",
    "WrittenText",
]
