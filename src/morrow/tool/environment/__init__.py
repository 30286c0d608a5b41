"""One environment: its files read, merged, checked against the schema, edited."""
