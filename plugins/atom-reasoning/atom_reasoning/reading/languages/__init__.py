"""Questions in other languages, word by word in English: the order of words makes little difference to how they are read."""
