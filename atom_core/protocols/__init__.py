"""What tasks and commands are lent, and what plugins that bring modules or a library write."""

from atom_core.protocols.commands import Command, CommandContext, Progress
from atom_core.protocols.language import HoldingLanguage, Language, LanguageWeights, Matrix, Passed, Rows
from atom_core.protocols.model import SEVERAL, Decoder, Encoder, ModelBackend, Modules, Parts
from atom_core.protocols.tower import Tower, TowerWeights
from atom_core.protocols.work import CarriedLibrary, Channel, Library, ReadFrames, ReadSound, Task, TaskEvent, Tell

__all__ = [
    "SEVERAL",
    "CarriedLibrary",
    "Channel",
    "Command",
    "CommandContext",
    "Decoder",
    "Encoder",
    "HoldingLanguage",
    "Language",
    "LanguageWeights",
    "Library",
    "Matrix",
    "ModelBackend",
    "Modules",
    "Parts",
    "Passed",
    "Progress",
    "ReadFrames",
    "ReadSound",
    "Rows",
    "Task",
    "TaskEvent",
    "Tell",
    "Tower",
    "TowerWeights",
]
