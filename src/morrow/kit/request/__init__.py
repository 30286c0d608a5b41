"""One request: its record, its body, what is counted, logged and traced of it."""
