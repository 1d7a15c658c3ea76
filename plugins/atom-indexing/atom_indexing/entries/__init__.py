"""What the library stores of clips, and what that makes of videos."""
