"""Questions read by a small network that learned from the wordings of many persons: what is asked, and of which words."""
