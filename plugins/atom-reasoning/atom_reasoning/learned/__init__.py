"""Questions read by small networks that learned from wordings of many persons: what is asked, and of which words."""
