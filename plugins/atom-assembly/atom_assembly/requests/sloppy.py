"""Requests as people type them in haste, put into the English that is read: "w/o", "pls", "2x sta(
    r", "
)the red ones"."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from atom_assembly.requests.english import ADJECTIVES, COUNT, SHOT, is_plural, singular, with_article
from atom_assembly.requests.forms.cue_words import ALL
from atom_assembly.requests.forms.phrases import usual_forms
from atom_assembly.requests.forms.spoken_words import SMALL, SPOKEN

_WORDS = {
    "pls": "please",
    "plz": "please",
    "plss": "please",
    "thx": "thanks",
    "tnx": "thanks",
    "ty": "thanks",
    "u": "you",
    "em": "them",
    "cuz": "because",
    "n": "and",
    "adn": "and",
    "nad": "and",
    "smth": "something",
    "sth": "something",
    "smthing": "something",
    "somthing": "something",
    "vid": "video",
    "vids": "videos",
    "thats": "that is",
    "theres": "there is",
    "gimme": "give me",
    "lemme": "let me",
    "wanna": "want to",
    "dont": "don't",
    "w": "with",
    "wo": "without",
    "evry": "every",
    "evrything": "everything",
    "everythin": "everything",
    "anythin": "anything",
    "thn": "then",
    "teh": "the",
    "hte": "the",
    "befor": "before",
    "b4": "before",
    "finaly": "finally",
    "secnds": "seconds",
}
"""What is written in haste, word by word."""
_WORD = re.compile(
    rf"(?<![\w./'’-])(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![\w.'’/-]*\w|/)", re.IGNORECASE
)
_STRETCHED = re.compile(r"\b[^\W\d_]*?([^\W\d_])\1{2,}[^\W\d_]*\b")
_WITHOUT = re.compile(r"(?<!\w)w/o\b\.?", re.IGNORECASE)
_WITH = re.compile(r"(?<!\w)w/\s*(?=\w)", re.IGNORECASE)
_FILLERS = (
    r"(?:ok(?:ay)?|so|hey|hi|hello|hiya|yo|well|um+|uh+|hm+|basically|alright|anyway|like|please|maybe|just"
    r"|i guess|i think)"
)
_AT_START = re.compile(
    rf"^(?:{_FILLERS}\b[,.!:]*\s+(?!of\b|like\b))*(?:(?:there|guys|team|folks)\b[,!]\s*)?", re.IGNORECASE
)
_ADJECTIVE = rf"(?:{'|'.join(sorted(map(re.escape, ADJECTIVES), key=len, reverse=True))})"
_ADJECTIVES = rf"{_ADJECTIVE}(?:(?:\s+|\s*,\s*|\s+and\s+){_ADJECTIVE})*"
_SHOTS = r"(?:shots|clips|scenes|cuts|takes|moments|bits|parts)"
_PLAY = r"(?:opens?|starts?|begins?|kicks\s+off|closes?|ends?|finish(?:es)?)"
_NEGATED = (
    r"(?:(?:no|without(?:\s+any)?|none\s+of|(?:but\s+)?not|except(?:\s+for)?|(?:please\s+)?(?:ignor"
    r"|skip|dropp?|exclud|omitt?)(?:e|ing)?"
    r"|leav(?:e|ing)\s+out|minus)(?:\s+(?:all\s+)?(?:of\s+)?the)?)"
)

_PUT = r"(?:(?:can|could|would|will)\s+you\s+(?:please\s+)?)?put"

_REWRITTEN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (r",?\s+in\s+(?:that|this|exactly\s+(?:that|this)|the\s+(?:given|following))\s+order\b", ""),
        (r"\s+in\s+(?:it|them|there)(?=\s*(?:[.,;!?\n]|$))", ""),
        # "make something that opens on ...": what follows says what opens
        (
            r"\b(?:(?:can|could|would)\s+you\s+)?(?:please\s+)?(?:make|do|create"
            r"|give|cut|build)\s+(?:me\s+|us\s+)?(?:something"
            rf"|one|it|an?\s+(?:film|video|clip|edit|reel))\s+(?:that|which)\s+(?={_PLAY}\b)",
            "",
        ),
        (
            rf"(?:(?<=^)|(?<=[.;\n]))(\s*)((?:last|final|closing|first|opening)\s+{SHOT}"
            r"\s+(?:is|should|must|has|shows?)\b)",
            r"\1the \2",
        ),
        (r"(?:(?<=^)|(?<=[/;,|\n]))\s*(?:start|opening|opener|intro|beginning)\s*[:=]\s*", " start with "),
        (r"(?:(?<=^)|(?<=[/;,|\n]))\s*(?:end|ending|outro|finish|finale|close)\s*[:=]\s*", " end with "),
        (rf"^{_PUT}\s+(.+?)\s+(?:in\s+front\s+of|ahead\s+of)\s+(?=\w)", r"\1 before "),
        (rf"^{_PUT}\s+(.+?)\s+behind\s+(?=\w)", r"\1 after "),
        (r"\b(?:sandwiched|squeezed|wedged|placed|stuck|right|directly)\s+between\b", "between"),
        (
            r"^(.+?)\s+(?:comes|goes|is)\s+first,\s+(.+?)\s+(?:comes|goes|is)\s+last,?\s+(?:and\s+|with\s+)?(.+?)"
            r"\s+(?:in\s+)?between$",
            r"\1, then \3, then \2",
        ),
        (r"^(?:an?\s+)?(?:quick|short|nice|little|brief|small)\s+(?:one|thing)\s*[,:;]\s*", ""),
        (
            rf"(?<![\w.])(\d{{1,2}})\s?x\s+(?={_ADJECTIVE}\b|[a-z]{{3,}})(?!(?:faster|slower|speed|as|more)\b)",
            r"\1 shots of ",
        ),
        (
            (
                rf"\b(?:only|just)\s+(?:the\s+)?({_SHOTS})\s+(?=with\b|of\b|that\b|where\b"
                r"|which\b|in\s+which\b)"
            ),
            r"all \1 ",
        ),
        (rf"(^|[.;:\n]\s*|\bthen\s+)({_SHOTS})\s+(?=with\b|that\b|where\b|which\b|in\s+which\b)", r"\1all \2 "),
        (
            rf"\b({COUNT}|all|every|some|any|the|all\s+the)\s+({_ADJECTIVES})\s+({_SHOTS})\b"
            r"(?!\s+(?:of|with|that|where|which)\b)",
            r"\1 \3 of \2 things",
        ),
        (
            rf"(?<!only )(?<!just )\bthe\s+(?!(?:short|long|old|new|young)\s)({_ADJECTIVES})\s+ones\b",
            r"all \1 things",
        ),
        (rf"\bany\s+(?={COUNT}\s)", ""),
        (r",?\s*\b(?:just|but|only)\s+(?=no\b|without\b)", ", "),
        (rf"\b(?:loop|repeat|play)\s+(.+?)\s+((?:{COUNT}\s+times|\d+\s?x|x\s?\d+|twice|thrice)\b)", r"\1 \2"),
        (r"\b(?:where|in\s+which)\s+there\s+(?:is|are)\s+", "with "),
    )
)
_ONES = re.compile(
    rf"\b(?P<noun>(?!{_SHOTS}\b)[a-z]{{3,}}s)\b(?P<between>[^.;\n]*?),?\s+{_NEGATED}\s+(?P<adjectives>"
    rf"{_ADJECTIVES})\s+ones\b",
    re.IGNORECASE,
)


_SUBTITLE_TIMES = re.compile(r"(?m)^(?:\d+\s*\n)?\s*(?:\d+:)?\d+:\d+[,.]\d+\s*-->.*\n")
"""The number and the times of an entry of pasted subtitles."""


def plain_english(text: str) -> str:
    """What a request says, in whole words and usual forms; one that is written so stays as it is."""
    text = _SUBTITLE_TIMES.sub("", text.strip() + "\n")
    lines = [_plain_line(line) for line in text.strip().splitlines()]
    return "\n".join(lines)


def whole_words(text: str) -> str:
    """What a request says, each word of it in full."""
    text = _SUBTITLE_TIMES.sub("", text.strip() + "\n").strip()
    return _WORD.sub(_in_full, _WITH.sub("with ", _WITHOUT.sub("without", _STRETCHED.sub(_unstretched, text))))


def _plain_line(line: str) -> str:
    line = _AT_START.sub("", line.strip(), count=1)
    line = _WITH.sub("with ", _WITHOUT.sub("without", _STRETCHED.sub(_unstretched, line)))
    line = _WORD.sub(_in_full, line)
    line = re.sub(r"[,\s]+(?:please|thanks|thank you)(?=\s*(?:[.!?;]|$))", "", line, flags=re.IGNORECASE)
    line = _AT_START.sub("", line, count=1)
    line = _ONES.sub(_but_ones, line)
    line = usual_forms(line)
    for pattern, instead in _REWRITTEN:
        line = pattern.sub(instead, line)
    return _with_articles(" ".join(line.split()))


def _but_ones(found: re.Match[str]) -> str:
    """ "hearts or moons, but not the red ones": neither red hearts nor red moons."""
    nouns = [found["noun"]]
    if re.fullmatch(r"(?:(?:,|\s|\bor\b|\band\b|\bthe\b)+[a-z]{3,}s)+", found["between"], re.IGNORECASE):
        nouns += re.findall(r"[a-z]{3,}s\b", found["between"], re.IGNORECASE)
    without = " or ".join(f"{found['adjectives']} {noun}" for noun in nouns)
    return f"{found['noun']}{found['between']} without {without}"


def _unstretched(found: re.Match[str]) -> str:
    """A word as it is without the letters that draw it out: "pleeease", "alllll"."""
    word = found[0]
    for kept in (r"\1\1", r"\1"):
        short = re.sub(r"([^\W\d_])\1{2,}", kept, word)
        if short.casefold() in SMALL | SPOKEN | ALL:
            return short
    return word


def _in_full(found: re.Match[str]) -> str:
    """A short form in full; what may be a name, or a letter, stays: "Ty", "the letter W"."""
    word = found[0]
    return word if len(word) < 3 and not word.islower() else _WORDS[word.casefold()]


def _with_articles(line: str) -> str:
    """ "cyan triangle, purple ring" as things: each with an article, where all of a list are named without one."""
    lead, _, listed = line.rpartition(": ")
    parts = re.split(r"\s*,\s*(?:and\s+|then\s+)?", listed.rstrip(".!"))
    if len(parts) < 2 or not all(map(_is_bare_thing, parts)):
        return line
    return f"{lead}{': ' if lead else ''}{', then '.join(map(with_article, parts))}"


def _is_bare_thing(text: str) -> bool:
    words = text.casefold().split()
    front = next((number for number, word in enumerate(words) if word not in ADJECTIVES), len(words))
    if not (0 < front < len(words)) or is_plural(words[front]):
        return False
    return front + 1 == len(words) or words[front + 1].endswith("ing")


_SOUND_WORDS = """
from form trail trial angel angle bread beard clam calm dairy diary lion loin quiet quite casual causal united
untied brake break sacred scared slat salt tired tried board broad bora boar crate trace rate tear tea eat ate
lots lost post stop spot pots felt left fiend friend goal gaol horse shore heart earth loose lose moose mouse
cloud could desert dessert later alter rather being begin below elbow bottle battle loosen latter later letter
hoop hop cooper copper coop cop good god moon noon soon
"""
_SOUND = frozenset(_SOUND_WORDS.split())
"""Words that are near to others and no slips."""
_SHORTEST = 4


def without_slips(text: str, known: Collection[str], tell: Callable[[str, str], None]) -> str:
    """`text` with the slips of letters put right that make a word of the library of one that it has not: two letters
    in each other's place, or one doubled. Other words may be what they are, so they stay.

    :param known: the words of the library's captions, small
    :param tell: is told each slip and what it is read as
    """
    if not known:
        return text
    forms = {word for one in known for word in (one, one + "s", singular(one))}
    slips: dict[str, set[str]] = {}
    for word in known:
        for slip in _slips_of(word):
            slips.setdefault(slip, set()).add(word)

    def mended(found: re.Match[str]) -> str:
        word = found[0].casefold()
        bare = word if word in slips else singular(word)
        if len(bare) < _SHORTEST or word in forms or bare in _SOUND or len(meant := slips.get(bare, set())) != 1:
            return found[0]
        (one,) = meant
        tell(found[0], one)
        return one + ("s" if bare != word else "")

    return re.sub(r"[^\W\d_]+", mended, text)


def _slips_of(word: str) -> set[str]:
    """How a word comes out with two neighbouring letters in each other's place, or one letter twice."""
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    doubled = {word[: at + 1] + word[at:] for at in range(len(word))}
    return {slip for slip in swapped | doubled if slip != word} if len(word) >= _SHORTEST else set()
