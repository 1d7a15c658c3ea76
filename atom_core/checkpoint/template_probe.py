"""Render a chat template in a process of its own, within bounds: run as a script, with the job as JSON on its input.

It imports nothing but Jinja, so that it takes a moment. Exit code 0: it can be used, or says itself what it cannot do.
3: it asks for too much. What takes too long is killed by the system.
"""

from __future__ import annotations

import json
import sys
from typing import Any

MOST_BYTES = 2**29
MOST_SECONDS = 3
MOST_TEXT = 10_000_000
TOO_MUCH = 3


def main() -> int:
    """Do the job on standard input."""
    job = json.load(sys.stdin)
    try:
        import jinja2.ext
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        return 0
    _limit()

    class Generation(jinja2.ext.Extension):
        """Marks what the assistant says; here it is written as it is."""

        tags = {"generation"}  # noqa: RUF012  (as Jinja has it)

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def raise_exception(message: str) -> None:
        raise jinja2.TemplateError(message)

    extensions = [Generation, jinja2.ext.loopcontrols]
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=extensions)
    environment.filters["tojson"] = lambda value, **_: json.dumps(value)
    environment.globals.update(raise_exception=raise_exception, strftime_now=lambda form: form)
    try:
        template = environment.from_string(job["template"])
        for messages in job["conversations"]:
            text = 0
            for piece in template.generate(messages=messages, add_generation_prompt=True, **job["tokens"]):
                text += len(piece)
                if text > MOST_TEXT:
                    return TOO_MUCH
    except (MemoryError, RecursionError, OverflowError):
        return TOO_MUCH
    except Exception:  # what it says of itself is said where it is used
        return 0
    return 0


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not here
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


if __name__ == "__main__":
    sys.exit(main())
