"""The Studio: a page for people, at ``/``, that searches, plays, asks, arranges and renders."""
