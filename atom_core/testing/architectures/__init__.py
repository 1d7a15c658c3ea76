"""What checkpoints of each family look like: config, special tokens, chat template and processor files."""

from atom_core.testing.architectures import gemma, internvl, lfm2, llava, qwen, smolvlm, videollama
from atom_core.testing.architectures.parts import Recipe, Sizes

__all__ = ["RECIPES", "Recipe", "Sizes"]

RECIPES: dict[str, Recipe] = {
    **smolvlm.RECIPES,
    **llava.RECIPES,
    **internvl.RECIPES,
    **qwen.RECIPES,
    **gemma.RECIPES,
    **videollama.RECIPES,
    **lfm2.RECIPES,
}
"""How to make each architecture, by model type."""
