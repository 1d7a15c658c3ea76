"""The `atom` command; the only place that prints."""
