"""What clips show of what is asked for: read from their captions, and looked at anew."""
