"""Models from the hub: what is in its cache, and how the rest is fetched."""
