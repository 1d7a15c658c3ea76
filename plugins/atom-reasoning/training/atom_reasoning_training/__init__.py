"""How the network that reads questions is trained: wordings of many persons, what they may be about, and the learning."""
