"""A question in plain form: small letters, no contractions, no courtesies, common slips of the keyboard mended."""

from __future__ import annotations

import re
import unicodedata

from atom_reasoning.english.rewordings import REWORDED
from atom_reasoning.english.sentences import in_common_form
from atom_reasoning.english.shorthand import written_out

_CONTRACTIONS = (
    (r"\bwon't\b", "will not"),
    (r"\bcan't\b|\bcannot\b", "can not"),
    (r"\b(is|are|was|were|does|do|did|has|have|had|could|would|should|must|might)n't\b", r"\1 not"),
    (r"\b(is|are|was|were|does|do|did|has|have)nt\b", r"\1 not"),
    (r"\b(what|who|where|when|how|there|that|it|which|here|he|she)'s\b", r"\1 is"),
    (r"\bwhats\b", "what is"),
    (r"(?:(?<=\s)|^)'?em\b", "them"),
    (r"\b(video|vid|film|one|two|scene)'s got\b", r"\1 has"),
    (r"\bhave (?:we|you|they) got\b(?! (?:an?|the|any|both|some)\b)", "are there"),
    (r"\b(shots?|scenes?|clips?|videos?|vids?) got\b", r"\1 have"),
    (r"\bin order to\b", "to"),
    (r"\bin this(?=\W*$)", "in it"),
    (r"\btapes\b", "videos"),
    (r"\btherein\b", ""),
    (r"(?<=\b)(an?|the|that|this) (?:certain|pretty|lovely|beautiful|charming|gorgeous|splendid|cute) (?=\w)", r"\1 "),
    (r"\b(?:wholly|literally|honestly|simply)\b", ""),
    (r"\b(go|do|com|happen|look|show|play|mov|blink|appear|turn)in\b'?", r"\1ing"),
    (r"\bwhat all\b(?= (?:can|could|do|did|are|is|was|were) )", "which things"),
    (r"\bwheres\b", "where is"),
    (r"\btheres\b", "there is"),
    (r"\b(what|who|where|when|how|there|they|we|you|which)'re\b", r"\1 are"),
    (r"\b(what|who|where|when|how)'d\b", r"\1 did"),
    (r"\b(i)'m\b", r"\1 am"),
    (r"\b(i|you|we|they)'ve\b", r"\1 have"),
    (r"\b(i|you|we|they)'d\b", r"\1 would"),
    (r"\b(how \w+|what colou?r|which colou?r|what shot|what scene|what time)'s\b", r"\1 is"),
    (r"\b(shot|scene|clip)'s\b", r"\1"),
    (r"\b(?:wanna|want to) know\b", "want to know"),
    (r"\b(\w+)'ll\b", r"\1 will"),
    (r"\blet's\b", "let us"),
    (r"\bu\b", "you"),
    (r"\br\b", "are"),
    (r"\b(?:wat|wht|waht)\b", "what"),
    (r"\b(?:wen|whn)\b", "when"),
    (r"\b(?:ths|thsi|tihs)\b", "this"),
    (r"\b(?:teh|hte)\b", "the"),
    (r"\b(?:hw|hwo)\b", "how"),
    (r"\b(?:mnay|mny|manny)\b", "many"),
    (r"\b(?:whcih|wich|whch)\b", "which"),
    (r"\bths?re\b|\bthier\b", "there"),
    (r"\b(\w+)'s (?:first |last )?(appearance|arrival|entrance|debut)\b", r"\1 appearing"),
    (r"\bcolor(s|ed)?\b", r"colour\1"),
    (r"\bvid(s)?\b", r"video\1"),
    (r"#(\d)", r"number \1"),
    (r"\bno\. ?(\d)", r"number \1"),
    (r"\bno\.? of (?!(?:the|these|those)\b)", "number of "),
    (r"\bin same (shot|scene|clip)\b", r"in the same \1"),
    (r"[,;:(/-]* ?\b(?:yes or no|yes ?/ ?no|y/n)\b\)?", ""),
)
_COURTESIES = re.compile(
    r"^(?:(?:please|hi|hey|hello|ok|okay|so|and|well|now|um|quick question|just|sorry|thanks)\b[,:!. ]*"
    r"|(?:can|could|would|will) you (?:please |kindly )?(?:tell|let|show|inform|remind) (?:me|us)(?: know)?\b[,: ]*(?:about (?=how|what|when))?"
    r"|(?:can|could|would|will) you (?:please |kindly )?(?=(?:list|name|count|walk|go|put|sort|describe|summari[sz]e|enumerate|find|give|say|identify|check|explain|sum|outline)\b)"
    r"|(?:please )?(?:tell|inform|remind) (?:me|us)\b(?! (?:about )?(?:the|a|in))[,: ]*(?:about (?=how|what|when))?"
    r"|(?:do|does) (?:you|anyone|anybody) (?:happen to )?(?:know|remember|recall|think)\b[,: ]*(?:that )?"
    r"|(?:any idea|i wonder|i was wondering|i am wondering|wondering|i want to know|i would like to know|i need to know|i would love to know|i am curious|we want to know"
    r"|(?:do|did) i (?:understand|see|get|take|read|have) (?:it |this |that )?(?:correctly|right|rightly)(?= that)|(?:would|do) you agree(?= that)|(?:can|could) (?:you|we|i|one) say(?= that)|(?:is|would) it (?:be )?(?:fair|safe|accurate) to say(?= that)|would you say|would it be right to say|am i right that|am i right in saying)\b[,: ]*(?:that )?"
    r"|if (?:you|one|we|i) (?:look|watch|split|cut|divide|break|chop|separate|slice|go through)\b.*?,? (?=(?:how many|how often|how long|what|which|where|when)\b))"
)
_IF_COUNTING = re.compile(
    r"^if (?:you|we|i|one) (?:only )?(?:count|take|consider|look at|go by) (?:only )?(.+?), (how many|how often|what|which)\b(.*)$"
)
_WHETHER = re.compile(r"^(?:whether|if)(?: or not)? ")
_ENDINGS = re.compile(
    r"[,. ]*\b(?:please|thanks|thank you|pls|or not|for (?:me|us)|as well|to (?:me|us))$|,? is (?:that|this|it) (?:right|correct|true|so|the case)$|[,.;-] ?(?:right|correct|yes|no|true|agreed|is it|are they|is there|are there)$"
)
_FILLERS = re.compile(
    r"\b(?:very|absolute|absolutely|exactly|precisely|actually|really|basically|kindly|all the way|so far|by any chance|perhaps|maybe|in fact|on earth|visibly|clearly|completely|totally|entirely|(?<=what )all|(?<=who )all|in here|in there"
    r"|(?<=the )(?:real|actual|exact|precise|correct|true|official|grand)(?= (?:number|count|total|time|colour|length|order|amount|figure|duration)\b))\b"
)
_SUBJECT = re.compile(
    r"^(there|it|the \w+(?: \w+)?|an? \w+(?: \w+)?|any \w+(?: \w+)?|something|anything) (is|are|was|were|does|do|has|have|can|will)\b"
)
_KEYWORD_TEXT = """
what when where which whose happens happen happening there colour colours shape shapes shot shots second third
fourth fifth first last scene scenes video videos summarise summarize summary describe before after between
every always never ever many often times time moment point beginning object objects things thing something
anything anyone does appear appears seconds minutes minute total altogether different during shown visible
order sequence background everything contain contains together both either moves disappears
"""
_KEYWORDS = _KEYWORD_TEXT.split()


def plain(text: str) -> str:
    """`text` in small letters, without outer punctuation and runs of spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub(r"[’‘`´]", "'", folded)
    folded = re.sub(r"[“”«»]", '"', folded)
    return " ".join(folded.split()).strip(" .,;:!?¿¡\"'")


def normal(text: str) -> str:
    """A question in plain form, as the patterns expect it."""
    text = plain(text)
    for pattern, put in _CONTRACTIONS:
        text = re.sub(pattern, put, text)
    text = " ".join(_mended(word) for word in written_out(text).split())
    for _ in range(4):
        shorter = _COURTESIES.sub("", text)
        if not shorter or shorter == text:
            break
        text = shorter.strip(" ,:")
    text = _whether(_IF_COUNTING.sub(r"\2 \1\3", text))
    text = re.sub(r"[?!]", " ", text)
    text = in_common_form(" ".join(_FILLERS.sub(" ", text).split()))
    for reworded, put in REWORDED:
        text = reworded.sub(put, text)
    while (shorter := _ENDINGS.sub("", text).strip(" ,.")) != text and shorter:
        text = shorter
    return " ".join(text.split())


def _whether(text: str) -> str:
    """ "whether there is a dog" as "is there a dog"."""
    found = _WHETHER.match(text)
    if not found:
        return text
    text = text[found.end() :]
    if turned := _SUBJECT.match(text):
        return f"{turned[2]} {turned[1]}{text[turned.end() :]}"
    return f"is it true that {text}"


def _mended(word: str) -> str:
    """A word of questions in which one letter is doubled, missing, added or has changed places with the next."""
    if len(word) < 4 or not word.isalpha() or word in _KNOWN:
        return word
    lengths = (len(word),) if len(word) == 4 else (len(word) - 1, len(word), len(word) + 1)
    near = [known for known in _KEYWORDS if len(known) in lengths and one_slip(word, known)]
    return near[0] if len(near) == 1 else word


def one_slip(word: str, known: str) -> bool:
    """Whether `word` is `known` with one letter left out or added, or two neighbours changed.

    Another letter in the place of one is another word more often than a slip: "house" is no "horse".
    """
    if len(word) == len(known):
        at = [place for place, (a, b) in enumerate(zip(word, known, strict=True)) if a != b]
        return len(at) == 2 and at[1] == at[0] + 1 and word[at[0]] == known[at[1]] and word[at[1]] == known[at[0]]
    longer, shorter = (word, known) if len(word) > len(known) else (known, word)
    if len(longer) - len(shorter) != 1 or longer == f"{shorter}s" or longer[0] != shorter[0]:
        return False
    return any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))


_KNOWN = frozenset(_KEYWORDS) | frozenset(
    [
        "these",
        "those",
        "their",
        "three",
        "where",
        "there",
        "here",
        "moved",
        "move",
        "moving",
        "shops",
        "shows",
        "showing",
        "show",
        "shown",
        "appears",
        "appeared",
        "video",
        "shapes",
        "shades",
        "state",
        "stats",
        "point",
        "paint",
        "order",
        "older",
        "third",
        "thirty",
        "white",
        "while",
        "whole",
        "color",
        "befor",
        "forth",
        "later",
        "start",
        "things",
        "think",
        "thing",
        "timer",
        "timed",
        "below",
        "scent",
        "scenic",
        "seven",
        "eleven",
        "person",
        "visible",
        "invisible",
        "shore",
        "short",
        "shirt",
        "sort",
        "least",
        "lasts",
        "lasted",
        "thirds",
        "bothered",
        "shapely",
        "colourful",
        "tomes",
        "timed",
        "eventual",
        "fleas",
        "fires",
        "thirst",
        "cover",
        "covers",
        "beginning",
        "begin",
        "happy",
        "either",
        "neither",
        "other",
        "both",
        "bolt",
        "foot",
        "boat",
        "beat",
    ]
)
