"""What is known of English: words that mean the same, numbers, clauses. Nothing here asks a model."""
