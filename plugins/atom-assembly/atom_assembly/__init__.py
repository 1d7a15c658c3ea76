"""Films: a request becomes a script, the script becomes cuts from the library, the cuts become a film."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``script``, ``match``, ``assemble`` and ``film``."""
    register.task("script", "atom_assembly.script:WriteScript", summary="Write the shots of a film that is asked for")
    said = "Find a cut in the library for each line of a script"
    register.task("match", "atom_assembly.match:MatchScript", summary=said, pure=False)
    said = "Turn a request into a timeline of cuts"
    register.task("assemble", "atom_assembly.match:AssembleTimeline", summary=said, pure=False)
    register.task("film", "atom_assembly.film:RenderFilm", summary="Render a timeline to a video file", pure=False)


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom assemble``."""
    summary = "Make a film from the library"
    register.command("assemble", "atom_assembly.command:AssembleCommand", summary=summary, tasks=("script", "match"))
