"""What `morrow secrets` does."""
