"""What a request says of the whole film: the order of its shots, which videos they come from, what it must not show."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from attrs import field, frozen

import atom_core as atom
from atom_assembly.requests.english import COUNT, FILM, SHOT, count_of
from atom_assembly.requests.lengths import MARK, Lengths
from atom_assembly.requests.sorting import Sorting, take_sorting

_ONE_VIDEO = (
    r"(?:only\s+|all\s+|taken\s+){0,3}(?:from|of|out\s+of|in|using|use)\s+(?:only\s+"
    r"|just\s+)?(?:(?:exactly|just)\s+)?(?:one|a\s+single|a\s+sole|the\s+same"
    r"|one\s+and\s+the\s+same|1)"
    r"(?:\s+and\s+the\s+same)?(?:\s+single)?\s+(?:video|file|recording|source|film)(?:\s+only|\s+alone)?\b"
)
_WITHOUT = (
    r"(?:(?:with\s+)?(?:absolutely\s+)?\bno\b(?!\s+(?:longer|more|less|shorter)\b)"
    r"|\bwithout(?:\s+(?:any|showing|the|a|an)\b)?|\bnot\s+(?:any|with|showing"
    r"|the\s+ones?\s+with|those\s+with|if)\b"
    r"|\bexcept(?:\s+(?:for|those|the\s+ones?))?(?:\s+(?:with|that\s+(?:have"
    r"|show)))?\b|\bexcepting\b|\bexcluding\b|\bexclude\b|\bother\s+than\b"
    r"|\bapart\s+from\b|\baside\s+from\b"
    r"|\b(?:but\s+)?(?:please\s+)?(?:leave|leaving)\s+out\b|\bskip(?:ping)?\b"
    r"|\bavoid(?:ing)?\b|\bomit(?:ting)?\b|\bminus\b"
    r"|\b(?:do\s+not|don['’]t|never|must\s+not|should\s+not|shouldn['’]t|mustn['’]t"
    r"|not)\s+(?:show|use|include|contain|have|be|with|display|feature|showing"
    r"|including|using)\b"
    r"|\bnothing\b(?=\s+(?:that|which|with|in|red|orange|yellow|green|cyan"
    r"|blue|purple|white|black)\b)|\bnone(?:\s+of)?(?=\s+(?:that|which|with"
    r"|the)\b)|\b(?:free\s+of|lacking)\b|\bbut\s+not\b|,\s*not\b|\bneither\b)"
)
_NOT_BEFORE = r"\b(?:no|not|without|never|nothing|don['’]t)\b[^.;!?\n]*$"
_END = (
    r"(?=\s*(?:[.;!?\n]|,?\s+(?:and\s+|but\s+)?(?:then|followed by|after that"
    r"|finally|in (?:chronological|reverse)|from (?:only|one)|only|all|just"
    r"|show)\b|" + MARK + r"|$))"
)
_VIDEO = r"(?:videos?|files?|clips?|footage|recordings?|sources?|films?)(?:\s+(?:called|named))?"
_FROM = (
    r"(?:\b(?:only|just|solely|exclusively|taken|all|shots?|clips?)\s+){0,4}\b(?:from"
    r"|in|out\s+of|of|using|use|within)\s+(?:only\s+|just\s+)?"
)
_FILE = r"[\w-]+(?: [\w-]+){0,3}?\.(?:mp4|mov|mkv|webm|avi|m4v|mts)"
_GLUE_WORDS = """
it its this that the a an film video movie montage whole entire thing all total make keep should must shall
to be is are last take run in of and or but please with so exactly shot shots clip clips each every just use
taken from by at most everything them they put sort sorted order ordered arranged arrange play played want i
would like can you film's let have length long only
"""
_GLUE = frozenset(_GLUE_WORDS.split())


@frozen(kw_only=True)
class Whole:
    """What a request says of the whole film."""

    sorting: Sorting = field(factory=Sorting)
    num_shots: int | None = None
    sources: tuple[str, ...] = ()
    absent_source: str = ""
    """A video that it names and that is not there."""
    one_source: bool = False


def take_whole(text: str, names: Collection[str] = ()) -> tuple[Whole, str]:
    """What `text` says of order, number and sources, and the text with a `MARK` in its place.

    :param names: of the videos that there are
    """
    one_source, rest = _taken(text, _ONE_VIDEO)
    if one_source and re.search(_NOT_BEFORE, text[: text.index(one_source)], re.IGNORECASE):
        one_source = ""
    text = rest if one_source else text
    sources, absent, text = _take_sources(text, names)
    sorting, text = take_sorting(text)
    num_shots = None
    count = re.search(
        rf"\b(?:in|with|of|as|using|from)\s+(?:exactly\s+|only\s+|just\s+)?({COUNT})\s+(?:different\s+)"
        rf"?{SHOT}\b(?=\s*(?:[:,.;]|$|{MARK}))"
        rf"|^\s*({COUNT})\s+{SHOT}\s*:|\b({COUNT})\s+{SHOT}\s+(?:in\s+(?:total|all)|altogether|overall)\b",
        text,
        re.IGNORECASE,
    )
    if count:
        num_shots = count_of(next(group for group in count.groups() if group))
        text = text[: count.start()] + f" {MARK} " + text[count.end() :]
    whole = Whole(
        sorting=sorting, num_shots=num_shots, sources=sources, absent_source=absent, one_source=bool(one_source)
    )
    return whole, text


def film_constraints(
    whole: Whole,
    lengths: Lengths,
    *,
    wanted: tuple[atom.Wanted, ...],
    without: tuple[str, ...] = (),
    rounds: int | None = None,
) -> atom.Constraints:
    """What a request says of the whole film and of its lines, as a script has it."""
    return atom.Constraints(
        wanted=wanted,
        without=without,
        order=whole.sorting.order,
        num_shots=whole.num_shots,
        rounds=rounds,
        length_s=lengths.most_s,
        min_length_s=lengths.least_s,
        shot_length_s=lengths.shot_s,
        sources=whole.sources,
        one_source=whole.one_source,
    )


def _taken(text: str, pattern: str) -> tuple[str, str]:
    match = re.search(pattern, text, re.IGNORECASE)
    return (match[0], text[: match.start()] + f" {MARK} " + text[match.end() :]) if match else ("", text)


def _take_sources(text: str, names: Collection[str]) -> tuple[tuple[str, ...], str, str]:
    """The videos that `text` names, one that is not there, and the text without them."""
    said = {form: name for name in names for form in _forms(name) if form in text.casefold()}
    for numeral, bare in (("", False), (r"(?:no\.?\s*|number\s+|#)?0*", True)):
        forms = [re.escape(form) for form in said if bare or len(form) > 2]
        one = rf"[\"'“‘]?{numeral}(?P<name>{'|'.join(sorted(forms, key=len, reverse=True))})[\"'”’]?(?![\w.]*\w)"
        lead = _FROM + (rf"(?:the\s+)?{_VIDEO}\s+" if bare else rf"(?:the\s+)?(?:{_VIDEO}\s+)?")
        if not forms or not (match := re.search(lead + one, text, re.IGNORECASE)):
            continue
        found, end = [said[match["name"].casefold()]], match.end()
        more = rf"\s*(?:,|\band\b|\bor\b)\s*(?:and\s+|or\s+)?(?:{_FROM})?(?:the\s+)?(?:{_VIDEO}\s+)?{one}"
        while further := re.compile(more, re.IGNORECASE).match(text, end):
            found.append(said[further["name"].casefold()])
            end = further.end()
        tail = re.compile(rf"(?:\s+{_VIDEO})?(?:\s+(?:only|alone))?", re.IGNORECASE).match(text, end)
        end = tail.end() if tail else end
        return tuple(dict.fromkeys(found)), "", text[: match.start()] + f" {MARK} " + text[end:]
    absent = re.search(_FROM + rf"(?:the\s+)?(?:{_VIDEO}\s+)?[\"'“]?({_FILE})[\"'”]?(?:\s+only)?", text, re.IGNORECASE)
    if absent and names:
        return (), absent[1], text[: absent.start()] + f" {MARK} " + text[absent.end() :]
    return (), "", text


def _forms(name: str) -> list[str]:
    """How a video may be called: its name with and without suffix, and the number that it is."""
    stem = name.rpartition(".")[0] or name
    number = [str(int(stem))] if stem.isdecimal() else []
    return [name.casefold(), stem.casefold(), *number]


def take_without(text: str) -> tuple[list[str], str]:
    """What a piece of a request says must not be seen, and the piece without that."""
    found: list[str] = []
    while match := re.search(
        rf"(?:^|[,;]?\s*)(?:\b(?:and|but|with|or|there\s+should\s+be|that\s+(?:have"
        rf"|has|show)s?)\s+){{0,4}}{_WITHOUT}\s+(.+?){_END}",
        text,
        re.IGNORECASE,
    ):
        said = re.sub(
            r"^(?:any|shots?|clips?|of|with|the ones?|those|show(?:ing)?)\s+", "", match[1].strip(), flags=re.IGNORECASE
        )
        for one in re.split(r",\s*(?:and|or|nor)?\s*|\s+(?:and|or|nor)\s+", said):
            one = re.sub(r"^(?:no|any|not|nor|without|nothing)\s+", "", one.strip(), flags=re.IGNORECASE)
            if re.search(r"\w", one):
                found.append(one.strip(" :,;"))
        text = text[: match.start()] + f" {MARK} " + text[match.end() :]
    return found, text


def tidy(text: str) -> str:
    """A request without the `MARK` of what was taken out, nor what only led up to it: "it should be", "keep it"."""
    kept: list[str] = []
    for piece in re.split(r"((?<=[.;!?:\n])|,|\n)", text):
        if MARK not in piece:
            kept.append(piece)
            continue
        words = re.findall(r"[\w'’]+", piece.replace(MARK, " "))
        if all(word.casefold() in _GLUE for word in words) and not _only_film(words):
            if kept and kept[-1] == ",":
                kept.pop()
        else:
            kept.append(re.sub(rf"\s*(?:\b(?:and|but|with|in|of)\s+)?{MARK}\s*", " ", piece))
    return "".join(kept).strip().strip(",;:").strip()


def _only_film(words: Sequence[str]) -> bool:
    return bool(words) and re.fullmatch(FILM, words[-1], re.IGNORECASE) is not None and words[-1] in ("film",)
