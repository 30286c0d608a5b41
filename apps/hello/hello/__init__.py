"""The reference service: what people copy."""
