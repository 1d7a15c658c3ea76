"""Linear layers and memory on the processors that models run on."""
