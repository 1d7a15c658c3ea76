"""The task ``script``: from a request to the shots of a film."""

from __future__ import annotations

import re

from attrs import field, frozen
from attrs.validators import ge, min_len

import atom_core as atom

PROMPT = "Write the shots of this film, one per line: "
LONGEST_LINE = 300

_BULLET = re.compile(r"^(?:[-*•–—>#]+\s+|\(?\d{1,3}[.):](?!\d)\s*|(?:shot|scene)\s*\d+\s*[.:)-]\s*)+", re.IGNORECASE)
_INTRODUCTION = re.compile(
    r"^(?:please\s+)?(?:(?:show|make|create|cut|give)(?:\s+me)?(?:\s+us)?\b"
    r"|(?:i|we)(?:\s+would|'d|’d)?\s+(?:want|like)(?:\s+to\s+see)?\b):?\s*"
    r"(?:(?:a|the)\s+(?:short\s+)?(?:film|video|movie)\s+(?:of|about|with|showing|that shows|in which|where)\s+)?",
    re.IGNORECASE,
)
_GOES_ON = r"(?:continue|go on|end|finish|close|conclude)s?\s+with"
_BREAK = re.compile(
    r"(?<=\w)[.!?;]+(?=\s|$)|\n+|,?\s+(?:and\s+)?(?:then|followed by|after that|finally)\b,?\s*"
    rf"|(?:,\s*(?:and\s+)?|\s+and\s+){_GOES_ON}\b,?\s*",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"^(?:first(?:ly| of all)?|then|next comes|next|lastly|last|after that|finally|(?:at|in) the end|"
    rf"(?:start|begin|open)s?\s+with|{_GOES_ON})\b[,:]?\s*",
    re.IGNORECASE,
)
_LISTED = re.compile(rf"\b(?:then|followed by|after that|finally|next|{_GOES_ON})\b|;", re.IGNORECASE)
_DETERMINER = re.compile(r"(?:an?|the|some|many|one|two|three|my|his|her|its|our|their|this|that)\s", re.IGNORECASE)


class WriteScript:
    """The shots of the film that is asked for.

    A request that lists its shots ("first ..., then ..., finally ...") is its own script. Of any other the decoder
    writes one; if nothing usable comes, the request is split.
    """

    consumes = atom.Request
    produces = atom.Script

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``script``."""

        prompt: str = field(default=PROMPT, validator=min_len(1))
        """What stands before the request."""
        max_new_tokens: int = field(default=256, validator=ge(1))
        """Longest script, tokens."""
        max_lines: int = field(default=24, validator=ge(1))
        """A longer script is taken for babble."""
        verbatim: bool = True
        """Whether a request that lists its shots is taken at its word, or the decoder writes every script."""

    def run(self, request: atom.Request, *, decoder: atom.Decoder, settings: WriteScript.Settings) -> atom.Script:
        """The script for `request`; its provenance is None when the request itself was split."""
        if settings.verbatim and (listed := listed_shots(request.text)):
            return atom.Script(request=request, lines=listed)
        prompt = settings.prompt + " ".join(request.text.split())
        text = decoder.generate([prompt], max_new_tokens=settings.max_new_tokens)
        lines = parse_script(text, cut_short=text.finish_reason == "length")
        if not usable(lines, settings.max_lines):
            return atom.Script(request=request, lines=split_request(request.text))
        provenance = atom.Provenance.of(decoder, prompt)
        return atom.Script(request=request, lines=tuple(lines), provenance=provenance)


def parse_script(text: str, *, cut_short: bool = False) -> list[str]:
    """The lines of a script without numbers, bullets, quotes, headings and empty lines.

    :param cut_short: whether the last line may be incomplete; it is dropped if there are others
    """
    lines = [_bare(line) for line in text.splitlines()]
    lines = [line for line in lines if re.search(r"\w", line) and not line.endswith(":")]
    return lines[:-1] if cut_short and len(lines) > 1 else lines


def usable(lines: list[str], max_lines: int) -> bool:
    """Whether a script makes sense: some lines, not too many, none too long, not one thing over and over."""
    distinct = set(lines)
    repeats = len(lines) > 3 and len(distinct) * 2 < len(lines)
    return 0 < len(distinct) <= max_lines and not repeats and max(map(len, lines)) <= LONGEST_LINE


def listed_shots(text: str) -> tuple[str, ...]:
    """The shots that a request lists in order; none if it does not say an order."""
    if not _LISTED.search(text.strip()):
        return ()
    lines = split_request(text)
    return lines if len(lines) > 1 else ()


def split_request(text: str) -> tuple[str, ...]:
    """The sentences and clauses of a request, in order: split at full stops, "then" and commas between phrases."""
    lines: list[str] = []
    for sentence in _BREAK.split(_INTRODUCTION.sub("", text.strip(), count=1)):
        clauses = [_bare(clause) for clause in re.split(r",\s+(?:and\s+)?", sentence)]
        whole = all(_DETERMINER.match(clause) or len(clause.split()) > 2 for clause in clauses[1:])
        lines += clauses if whole else [_bare(sentence)]
    return tuple(line for line in lines if re.search(r"\w", line)) or (text.strip(),)


def _bare(line: str) -> str:
    line = _BULLET.sub("", line.strip()).replace("**", "").strip()
    return _ORDER.sub("", line).strip("\"'“”„«»`").strip().rstrip(",;")
