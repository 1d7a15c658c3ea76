"""Words of a video, as a prompt may have them: a quotation, whatever they say.

Nothing that is said or written in a video can end the quotation, begin a new line, or be taken for a sign of the prompt
that no words are, such as the end of a turn.
"""

from __future__ import annotations

import re
import unicodedata

_SIGNS = re.compile(r"<[^<>]*>|\[/?[A-Z_]+\]|[<>{}\[\]|`#*\\]")
"""Marks of chats and of markup: ``<|im_end|>``, ``[INST]``, ``### System``."""
_MARKS = str.maketrans({mark: "'" for mark in '"“”„«»‟'})


def quoted(text: str, most: int = 400) -> str:
    """`text` in quotation marks, on one line, without signs that models take for more than words.

    :param most: letters; of more the last whole word that fits is the last
    """
    plain = _SIGNS.sub(" ", unicodedata.normalize("NFKC", text)).translate(_MARKS)
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in plain).split())
    if len(plain) > most:
        plain = plain[: most + 1].rpartition(" ")[0] or plain[:most]
        plain += " ..."
    return f'"{plain}"'
