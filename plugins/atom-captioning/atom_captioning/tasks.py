"""The tasks ``caption`` and ``summarize``."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, field, frozen
from attrs.validators import ge, min_len

import atom_core as atom
from atom_captioning.levels import in_levels
from atom_captioning.words import lead_of
from atom_core.text.sentences import as_caption

PROMPT = "Describe this clip in one sentence."
SUMMARY_PROMPT = "Summarize these shots in one sentence:"


class CaptionClip:
    """What a clip shows, in one sentence."""

    consumes = atom.Clip
    produces = atom.Caption

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``caption``."""

        prompt: str = field(default=PROMPT, validator=min_len(1))
        """What the decoder is asked; left as it is, in the words that the model knows, if those are others."""
        max_new_tokens: int = field(default=64, validator=ge(1))
        """Longest caption, tokens."""
        hear: bool = True
        """Whether the decoder is told what is said during the clip, where a plugin writes that down."""
        read: bool = True
        """Whether the decoder is told what is written in the clip's pictures, where a plugin reads it."""

    def run(
        self,
        clip: atom.Clip,
        *,
        encoder: atom.Encoder,
        decoder: atom.Decoder,
        host: atom.Host,
        settings: CaptionClip.Settings,
    ) -> atom.Caption:
        """The caption of `clip`."""
        prompt, wordings = settings.prompt, getattr(decoder, "wordings", {})
        if prompt == PROMPT:
            prompt = wordings.get("caption", PROMPT)
        lead, told = "", tuple[str, ...]()
        trained = getattr(decoder, "embedding", None) == ""  # as Atom's own model is, for Atom's prompts
        if not wordings and not trained:  # others know their own words alone
            lead, told = lead_of(clip, host, hear=settings.hear, read=settings.read)
        prompt = lead + prompt
        features = encoder.encode(clip)
        text = decoder.generate([features, prompt], max_new_tokens=settings.max_new_tokens)
        return atom.Caption(
            clip=clip,
            text=as_caption(text, cut=text.cut),
            truncated=text.cut,
            confidence=text.confidence,
            provenance=atom.Provenance.of(decoder, prompt, features, told=told),
        )


class SummarizeCaptions:
    """One sentence from the captions of a video's shots; the caption of the whole video. It reads text, not pixels."""

    consumes = tuple[atom.Caption, ...]
    produces = atom.Caption

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``summarize``."""

        max_new_tokens: int = field(default=96, validator=ge(1))
        """Longest summary, tokens; of many shots, that of each part."""
        shots_at_once: int = field(default=4, validator=ge(2))
        """How many captions the model reads at once; of more shots, parts are summed up first."""

    def run(
        self, captions: tuple[atom.Caption, ...], *, decoder: atom.Decoder, settings: SummarizeCaptions.Settings
    ) -> atom.Caption:
        """The summary of `captions`, which are shots of one video in order.

        :raises TaskError: if there are none, or they are of several videos
        """
        videos = {caption.clip.video.content_hash: caption.clip.video for caption in captions}
        if len(videos) != 1:
            raise atom.TaskError(f"'summarize' takes the captions of one video, got those of {len(videos)}")
        whole = atom.Clip.whole(captions[0].clip.video)
        if len(captions) == 1:
            return evolve(captions[0], clip=whole)
        made: list[atom.Generated] = []
        prompts = [""]

        def ask(groups: Sequence[Sequence[str]]) -> list[str]:
            prompts[:] = ["\n".join([SUMMARY_PROMPT, *(f"{n}. {text}" for n, text in enumerate(g, 1))]) for g in groups]
            texts = _summaries(decoder, prompts, settings.max_new_tokens)
            made.extend(text for text in texts if text)
            return [as_caption(text, cut=text.cut) for text in texts]

        text = in_levels([caption.text for caption in captions], settings.shots_at_once, ask)
        return atom.Caption(
            clip=whole,
            text=text,
            truncated=any(one.cut for one in made),
            confidence=min((one.confidence for one in made), default=None),
            provenance=atom.Provenance.of(decoder, prompts[-1]),
        )


def _summaries(decoder: atom.Decoder, prompts: Sequence[str], max_new_tokens: int) -> list[atom.Generated]:
    """What the decoder makes of each prompt; nothing of one that is longer than it reads."""
    try:
        return decoder.generate_many([[prompt] for prompt in prompts], max_new_tokens=max_new_tokens)
    except atom.ModelError:
        return [_summary(decoder, prompt, max_new_tokens) for prompt in prompts]


def _summary(decoder: atom.Decoder, prompt: str, max_new_tokens: int) -> atom.Generated:
    try:
        return decoder.generate([prompt], max_new_tokens=max_new_tokens)
    except atom.ModelError:
        return atom.Generated("")
