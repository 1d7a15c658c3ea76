"""The shots of a video that are most worth seeing."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``highlight`` and ``top-highlights``."""
    register.task("highlight", "atom_highlights.tasks:ScoreHighlight", summary="Score how much happens in a clip")
    said = "Choose the shots of a video with the highest scores"
    register.task("top-highlights", "atom_highlights.tasks:ChooseHighlights", summary=said)
