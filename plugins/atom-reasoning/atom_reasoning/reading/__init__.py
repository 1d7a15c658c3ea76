"""What a question asks for, as a typed record."""
