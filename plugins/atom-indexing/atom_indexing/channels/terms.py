"""What a search text says: words, beginnings of words, and phrases in quotes, in any script."""

from __future__ import annotations

import re
import unicodedata

from attrs import frozen

import atom_core as atom
from atom_indexing.channels.numbers import in_digits

_PART = re.compile(r'"([^"]*)"|(\w+\*?)')
_UNSPACED = re.compile(
    "([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"
)
"""Letters of scripts that put no spaces between words: Chinese, Japanese, Thai, Lao, Burmese, Khmer."""
LITTLE = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "being",
        "by",
        "for",
        "from",
        "has",
        "have",
        "he",
        "her",
        "his",
        "i",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "not",
        "of",
        "off",
        "on",
        "onto",
        "one",
        "or",
        "out",
        "over",
        "she",
        "show",
        "shows",
        "so",
        "some",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "up",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "with",
        "you",
        "your",
        "someone",
        "somebody",
        "something",
        "video",
        "clip",
        "moment",
        "find",
        "shot",
        "scene",
    ]
)
"""Words that say nothing of what is shown."""


@frozen(kw_only=True)
class Terms:
    """A search text, taken apart."""

    text: str
    """What is looked for by its meaning: without quotes and stars."""
    words: tuple[str, ...]
    """Words that say something, each once, small; one that ends in a star stands for all that begin so."""
    phrases: tuple[str, ...]
    """What must be said word by word."""


def terms_of(text: str) -> Terms:
    """A search text, taken apart.

    :raises SettingsError: if quotes do not close, or have nothing between them
    """
    if text.count('"') % 2:
        raise atom.SettingsError(f'the quotes in {text!r} do not close; write "..." around a phrase, or leave them out')
    phrases, words = [], []
    for phrase, word in _PART.findall(text.replace("\u201c", '"').replace("\u201d", '"')):
        if word:
            words.append(word.casefold())
        elif phrase.strip():
            phrases.append(phrase.strip())
            words += [one.casefold() for one in re.findall(r"\w+", phrase)]
        else:
            raise atom.SettingsError(f"the quotes in {text!r} are empty; write a phrase between them")
    said = tuple(word for word in dict.fromkeys(words) if word not in LITTLE)
    plain = " ".join(re.sub(r'["\u201c\u201d]', " ", re.sub(r"(?<=\w)\*", "", text)).split())
    return Terms(text=plain, words=said, phrases=tuple(phrases))


def spaced(text: str) -> str:
    """A text with spaces around each letter of scripts that have none between words, so that any part is found."""
    return _UNSPACED.sub(r" \1 ", text)


def match_of(term: str) -> str:
    """What FTS5 looks for: a word, the beginning of words, or a phrase."""
    star = "*" if term.endswith("*") else ""
    return '"' + " ".join(spaced(term.rstrip("*")).replace('"', " ").split()) + '"' + star


def has_phrases(text: str, terms: Terms) -> bool:
    """Whether a text has each phrase of `terms`, word by word, numbers in whatever form."""
    said = f" {_plain(in_digits(text))} "
    return all(f" {_plain(in_digits(phrase))} " in said for phrase in terms.phrases)


def _plain(text: str) -> str:
    """The words of a text, small and without accents, as the index compares them."""
    letters = unicodedata.normalize("NFKD", spaced(text).casefold())
    return " ".join(re.findall(r"\w+", "".join(one for one in letters if not unicodedata.combining(one))))
