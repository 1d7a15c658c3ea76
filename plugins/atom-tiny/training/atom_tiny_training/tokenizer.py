"""The tokenizer: one token per word of the world, single characters for everything else."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from atom_tiny import films, prompts, questions, words

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SPECIAL = ("<pad>", "<unk>", "<|im_start|>", "<end_of_utterance>", "<image>")
NEWLINE, PARAGRAPH, REPLY = "\n", "\n\n", ">>"

EXTRA = """
    and or while then after that before the a an is it of to in on at first second third next last finally both neither
    yes no not shown clip clips video background one two three four five six seven eight nine ten zero something with
    for shots shot request answer numbers order moving object objects things film from where which what who how many
    left right up down top bottom middle side centre center small large big little size color colour colors colours
    shape shapes start begin beginning end ends show shows see seen there are was were do does did happen happens
    describe caption sentence word summarize write line per this these above please find me many much time same
    dark light bright picture scene image move moves acts act comes come slowly quickly again also only all each other
    screen frame user assistant i want make continue followed following by just can you be true
"""


def word_list() -> list[str]:
    """Every word that gets a token of its own, in a fixed order."""
    texts = [EXTRA, prompts.EMBED, prompts.SUMMARY, prompts.SCRIPT, prompts.ORDER, *prompts.CAPTION_VARIANTS]
    texts += [*words.COLOURS, *words.SHAPES, *words.SIZES, *words.BACKGROUNDS, *words.COUNTS, questions.NOT_SHOWN]
    texts += [p for table in (words.ACTIONS, words.GERUNDS) for phrases in table.values() for p in phrases]
    texts += [*words.QUESTION_FORMS.values(), *(t for forms in questions.TEMPLATES.values() for t in forms)]
    texts += [t for forms in films.REQUESTS.values() for t in forms]
    found: dict[str, None] = {}
    for text in texts:
        for symbol in "{}.,;:?!_":
            text = text.replace(symbol, " ")
        found.update(dict.fromkeys(w for w in text.lower().split() if w.isalpha() and len(w) > 1))
    return list(found) + [str(n) for n in range(10, 31)]


def vocabulary() -> dict[str, int]:
    """Token to id."""
    letters = string.ascii_lowercase + string.digits
    tokens = [*SPECIAL, PARAGRAPH, NEWLINE, REPLY, *letters, *string.punctuation]
    tokens += [f"##{c}" for c in letters] + word_list()
    return {token: i for i, token in enumerate(tokens)}


def build() -> PreTrainedTokenizerFast:
    """The tokenizer as transformers opens it from the checkpoint."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(vocabulary(), unk_token="<unk>", continuing_subword_prefix="##"))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(
                Regex(r"You are provided the following series of [a-z -]+ frames from a [0-9:]+ \[H:MM:SS\] video\.\n"),
                "",
            ),
            normalizers.Replace(Regex(r"\nFrame from [0-9:]+:"), ""),
            normalizers.Replace("<fake_token_around_image>", ""),
            normalizers.Replace("<global-img>", ""),
            normalizers.Replace(Regex(r"^User: ?"), ""),
            normalizers.Replace("\nAssistant:", REPLY),
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\n\n|\n|>>"), "isolated"),
            pre_tokenizers.Split(Regex(r"[ \t\r]+"), "removed"),
            pre_tokenizers.Split(Regex(r"[^a-z0-9\n>]|(?<!>)>(?!>)"), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.WordPiece(prefix="##", cleanup=True),
            decoders.Fuse(),
            decoders.Replace(" \n ", "\n"),
            decoders.Replace(" ;", ";"),
            decoders.Replace(" :", ":"),
        ]
    )
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        bos_token="<|im_start|>",
        eos_token="<end_of_utterance>",
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
        model_input_names=["input_ids", "attention_mask"],
        extra_special_tokens={"image_token": "<image>", "end_of_utterance_token": "<end_of_utterance>"},
    )
