"""A resident server: ``atom serve`` keeps one host open for commands, programs and agents."""

import atom_core as atom


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom serve`` and ``atom mcp``."""
    summary = "Keep the model loaded, for commands, programs and agents"
    register.command("serve", "atom_serve.command:ServeCommand", summary=summary, alone=True)
    summary = "Serve an agent, by the Model Context Protocol"
    register.command("mcp", "atom_serve.agents.command:McpCommand", summary=summary, alone=True)


@atom.hookimpl
def atom_add_routes(register: atom.Register) -> None:
    """Declare what the server offers to programs."""
    for name, summary in (
        ("chat", "Chat about text, pictures and videos, as OpenAI's clients do"),
        ("embeddings", "Texts as vectors, as OpenAI's clients ask for them"),
        ("models", "Which model there is, as OpenAI's clients ask for it"),
    ):
        register.routes(name, f"atom_serve.openai.{name}:routes", summary=summary)
    for name, summary in (
        ("metrics", "What was computed and reused, for Prometheus"),
        ("status", "What the server is, and what it has loaded"),
        ("tasks", "Every task by its name"),
        ("jobs", "Tasks that go on while nobody waits"),
        ("uploads", "Files that callers send"),
        ("openapi", "What can be called, for programs"),
    ):
        register.routes(name, f"atom_serve.rest.{name}:routes", summary=summary)
    register.routes("studio", "atom_serve.studio.pages:routes", summary="The page for people")
    register.routes("mcp", "atom_serve.agents.protocol:routes", summary="The tools for agents")
