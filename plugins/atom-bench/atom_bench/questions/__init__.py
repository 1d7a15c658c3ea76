"""Questions over several shots, on footage of the embedded model's world whose truth is known."""
