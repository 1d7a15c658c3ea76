"""One exception tree. Every message says what, which, got and expected, and the next step.

::

    AtomError                 anything Atom raises on purpose
    +-- SettingsError         a setting or argument is unknown or out of range
    +-- MediaError            a file cannot be read, decoded or written
    +-- PluginError           a plugin cannot be loaded, or broke its contract
    |   +-- TaskError         a task raised, timed out or returned the wrong type
    +-- ModelError            a model cannot be found, split, quantised or fitted in memory
    +-- LibraryError          the library cannot be opened, or was made with another model
    +-- Cancelled             the work was cancelled before it finished
"""


class AtomError(Exception):
    """Base of every error that Atom raises on purpose; its text is meant for the user."""


class SettingsError(AtomError):
    """A setting or argument is unknown, of the wrong type or out of range."""


class MediaError(AtomError):
    """A media file cannot be read, decoded or written."""


class PluginError(AtomError):
    """A plugin cannot be loaded, or broke its contract; the message names it."""


class TaskError(PluginError):
    """A task raised, ran past its time limit or returned the wrong type."""


class ModelError(AtomError):
    """A model cannot be found, loaded, split, quantised or fitted into memory."""


class LibraryError(AtomError):
    """The library cannot be opened or written, or was made with another model."""


class Cancelled(AtomError):
    """The work was cancelled before it finished."""
