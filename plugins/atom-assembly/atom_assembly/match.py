"""The tasks ``match`` and ``assemble``: from a script to cuts of the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from attrs import evolve, field, frozen
from attrs.validators import ge, in_

import atom_core as atom
from atom_assembly.choose import Chosen, Pick, choose, within_one_source
from atom_assembly.evidence.finder import Finder, Found
from atom_assembly.evidence.speech import Heard
from atom_assembly.script import PROMPT
from atom_assembly.sources import Sources
from atom_assembly.trim import shorten_to, trim


class MatchScript:
    """Cuts for the lines of a script, from the library.

    A clip fits a line if its caption says what the line says, in the line's own words or in those that the decoder puts
    it into; of clips that come near, the decoder is asked whether they show it. Where it cannot tell, as with a model
    that is not sure of its own captions, the likeliest clips stand for the line. No clip is taken twice unless that is
    asked for. What is asked for and not there is said with what is nearest; nothing else is put in its place.
    """

    consumes = atom.Script
    produces = atom.Timeline

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``match``."""

        candidates: int = field(default=24, validator=ge(1))
        """About how many clips the decoder is asked about for each line."""
        rerank: Literal["likelihood", "similarity"] = field(
            default="likelihood", validator=in_(("likelihood", "similarity"))
        )
        """Whether the decoder is asked which clips fit, or only captions and the search's scores tell."""
        min_score: float = 0.0
        """Clips less similar to a line do not fit it."""
        min_cut_s: float = field(default=1.0, validator=ge(0.0))
        """Trimming leaves this much of a cut, if the film can be that long, seconds."""

    def run(
        self,
        script: atom.Script,
        *,
        encoder: atom.Encoder,
        decoder: atom.Decoder,
        host: atom.Host,
        settings: MatchScript.Settings,
    ) -> atom.Timeline:
        """The timeline of `script`; what nothing fits has no cut and is named in `Timeline.unmet`.

        :raises LibraryError: if nothing fits any line
        """
        constraints = script.constraints
        wanted = constraints.wanted or (atom.Wanted(),) * len(script.lines)
        sources = Sources(host, constraints.sources)
        asked = settings.rerank == "likelihood"
        heard = Heard(host, sources, constraints.sources)
        finder = Finder(encoder, decoder, sources, prompt=PROMPT, looks=settings.candidates, rerank=asked)
        found = [
            heard.find(one.said)
            if one.said is not None
            else _similar(
                finder.find(line, count=_count(one), purely=one.purely, without=constraints.without + one.without),
                settings.min_score,
            )
            for line, one in zip(script.lines, wanted, strict=True)
        ]
        if constraints.one_source:
            found = within_one_source(found)
        chosen = choose(wanted, found, constraints)
        unmet = _unmet(script, wanted, found, chosen)
        if not chosen.picks:
            raise atom.LibraryError(_nothing(host, sources, unmet))
        cuts = _trimmed(
            [_cut(script.lines[pick.line], pick) for pick in chosen.picks], chosen.picks, script, settings.min_cut_s
        )
        return atom.Timeline(request=script.request, cuts=tuple(cuts), unmet=tuple(unmet))


class AssembleTimeline:
    """From a request to a timeline: ``script``, then ``match``."""

    consumes = atom.Request
    produces = atom.Timeline

    def run(self, request: atom.Request, *, host: atom.Host) -> atom.Timeline:
        """The timeline for `request`."""
        timeline: atom.Timeline = host.run("match", host.run("script", request))
        return timeline


def _count(wanted: atom.Wanted) -> int | None:
    return None if wanted.pick else wanted.num_shots


def _similar(found: Found, min_score: float) -> Found:
    return evolve(found, fits=tuple(one for one in found.fits if one.moment.score >= min_score))


def _unmet(
    script: atom.Script, wanted: Sequence[atom.Wanted], found: Sequence[Found], chosen: Chosen
) -> list[atom.Unmet]:
    """What lines ask for and do not get."""
    unmet = []
    for number, have in sorted(chosen.short.items()):
        line, there, count = script.lines[number], found[number], wanted[number].num_shots
        if have and wanted[number].at_most:
            continue
        if have:
            reason = f"the library has {have} of the {count} shots asked for"
        elif there.fits:
            reason = "the only shots in the library that show it are in the film already"
        else:
            reason = "nothing in the library fits"
        closest = there.nearest.moment if there.nearest and not have and not there.fits else None
        unmet.append(atom.Unmet(line=line or "anything", reason=reason, closest=closest))
    return unmet


def _nothing(host: atom.Host, sources: Sources, unmet: Sequence[atom.Unmet]) -> str:
    gone = "; some clips lie in files that are gone or have changed" if sources.missing else ""
    closest = next((one.closest for one in unmet if one.closest is not None), None)
    near = f"; the nearest is '{closest.caption}' ({closest.path}, {closest.times})" if closest else ""
    return (
        f"nothing in library '{host.settings.library_called}' fits the request{gone}{near}; "
        "add videos with `atom index PATH`, or try other words with `atom search TEXT`"
    )


def _trimmed(cuts: Sequence[atom.Cut], picks: Sequence[Pick], script: atom.Script, min_cut_s: float) -> list[atom.Cut]:
    """The cuts, each no longer than its line and the request allow, and together no longer than the film may be."""
    constraints = script.constraints
    lines = constraints.wanted
    limits = [
        min(
            (one for one in (lines[pick.line].length_s if lines else None, constraints.shot_length_s) if one),
            default=None,
        )
        for pick in picks
    ]
    spans: list[atom.Span] = [shorten_to(cut, limit) for cut, limit in zip(cuts, limits, strict=True)]
    bounds = [one for one in (script.request.length_s, constraints.length_s) if one is not None]
    spans = trim(spans, min(bounds, default=None), min_cut_s)
    spans = [_at_pauses(cut, span, pick) for cut, span, pick in zip(cuts, spans, picks, strict=True)]
    return [evolve(cut, start_s=span.start_s, end_s=span.end_s) for cut, span in zip(cuts, spans, strict=True)]


def _at_pauses(cut: atom.Cut, span: atom.Span, pick: Pick) -> atom.Span:
    """A cut that was chosen for what is said, shortened to about the length of `span`, from its start to between two
    words; the first word alone may be longer."""
    pauses = pick.candidate.pauses
    if not pauses or span.duration_s >= cut.duration_s:
        return cut if pick.candidate.moment.channels.keys() == {"speech"} else span
    fitting = [pause for pause in pauses if pause <= cut.start_s + span.duration_s]
    return atom.Span(start_s=cut.start_s, end_s=fitting[-1] if fitting else pauses[0])


def _cut(line: str, pick: Pick) -> atom.Cut:
    moment = pick.candidate.moment
    return atom.Cut(
        start_s=moment.start_s,
        end_s=moment.end_s,
        path=moment.path,
        content_hash=moment.content_hash,
        line=line,
        caption=moment.caption,
        score=moment.score,
        reason=pick.candidate.reason,
    )
