"""Edit decision lists, timelines and the times in them."""
