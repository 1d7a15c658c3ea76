"""What containers say: tracks, clocks, boxes and packets."""
