"""What transformers' own forward passes ask for, where none of Atom's own computes the language half."""
