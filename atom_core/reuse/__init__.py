"""What is kept so that nothing is computed twice: features, prefixes, and the ledger."""
