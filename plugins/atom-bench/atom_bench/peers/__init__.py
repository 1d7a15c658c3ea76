"""``atom bench peers``: Atom's forward passes beside those of other engines, with the same weights."""
