"""Short forms of words, and forms of sentences that are uncommon in English, put as the patterns expect them."""

from __future__ import annotations

import re

_WORDS = {
    "second": "sec",
    "seconds": "secs",
    "minutes": "mins",
    "with": "w w/",
    "without": "w/o",
    "and": "& +",
    "through": "thru",
    "description of": "desc",
    "describe": "descr",
    "different": "diff",
    "object": "obj",
    "objects": "objs",
    "picture": "pic",
    "about": "abt",
    "please": "pls plz",
    "give me": "gimme",
    "let me": "lemme",
    "number": "num nr",
    "something": "sth smth",
    "before": "b4",
    "you": "u ya",
    "are": "r",
    "what is": "whats wats",
    "where is": "wheres",
    "who is": "whos",
    "how is": "hows",
    "when is": "whens",
    "there is": "theres",
    "that is": "thats",
}
_SHORT = {short: word for word, shorts in _WORDS.items() for short in shorts.split()}
_A_SHORT = re.compile(
    rf"(?<![\w.'/])(?:{'|'.join(map(re.escape, sorted(_SHORT, key=len, reverse=True)))})(?![\w'/]|\.\w)"
)
_SEEING = r"(?:see|find|spot|notice|watch|observe|count|encounter|look at|come across|meet|detect|recognise|recognize|distinguish|discern|identify|perceive)"
_AUX = r"(?:do|does|did|can|could|will|would|may|might|should)"
_VIDEO = r"(?:the|this|that|your) (?:whole |entire )?(?:video|film|movie|clip|recording|footage)"
_OWNERS = rf"(?:{_VIDEO}|it|(?:each|every|any)(?: single)?(?: one)?(?: of the)? (?:shot|scene|clip|video)s?|all (?:of )?(?:the )?(?:shots|scenes|clips|videos)|both (?:of )?(?:the |these )?(?:videos|films|shots|scenes))"
_APPEAR = r"(?:appears?|occurs?|comes?|arrives?|shows up|turns up|comes up|starts?|begins?)"
_FORMS = (
    (rf"\b({_AUX}) one (?=(?:\w+ ){{0,2}}?{_SEEING}\b)", r"\1 you "),
    (r"\bdoes you\b", "do you"),
    (rf"\b(?<!which )(?<!what )(?<!the )(?<!any )(?<!last )one (?:(?P<aux>can|could|may|will|would|never|ever) )?(?P<v>{_SEEING})s?\b", r"you \g<aux> \g<v>"),
    (r"\b(?:is|are) (.+?) to be (?:seen|found|noticed|spotted|observed|met)\b", r"is \1 shown"),
    (r"\b(is|are) to be (?:seen|found|noticed|spotted|observed|met)\b", r"\1 shown"),
    (r"\b(is|are) ((?!it\b|there\b|this\b|to\b)(?:(?!possible|able|enough|what).)+?) to see(?=$| (?:in|at|on|during|between|from)\b)", r"\1 \2 shown"),
    (r"\bare there to see\b", "are there"),
    (r"\bas (?:the )?(?:very )?(first|last)(?: one| thing)?\b", r"\1"),
    (rf"^(?:has|have) ({_OWNERS}) (?!got\b|shown\b|been\b|had\b|ever\b|any of\b|more\b)(?=\w)", r"does \1 have "),
    (rf"^(?:has|have) ({_OWNERS}) (?:got|had) ", r"does \1 have "),
    (rf"^((?:in|at|during|on|from) (?:which|what)(?: \w+){{0,5}}?|when|where) {_APPEAR} ((?:the|an?|any|something)\b.+)$", r"\1 does \2 appear"),
    (r"^(?:are|is) there in (?:no|none|not any)(?: one)?(?: of)?(?: the)? (?:shot|scene|clip)s? ", "are there never "),
    (r"\bin (?:no|none|not one|not any|not a single)(?: one)?(?: of)?(?: the| these)? (?:shot|scene|clip)s?\b", "never"),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern), put) for pattern, put in _FORMS)


def written_out(text: str) -> str:
    """A question in small letters with short forms written out, and its sentence in a common form.

    "does one see a dog" becomes "do you see a dog", "has the video a dog" "does the video have a dog".
    """
    text = _A_SHORT.sub(lambda found: _SHORT[found[0]], text)
    for pattern, put in _PATTERNS:
        text = pattern.sub(put, text)
    return " ".join(text.split())
