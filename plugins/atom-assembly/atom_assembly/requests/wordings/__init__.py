"""Requests read by the known wordings that they are most like, whatever verbs and frames stand around their things."""
