"""What people say of a film, read into lines and constraints. Plain Python, English; nothing here asks a model."""
