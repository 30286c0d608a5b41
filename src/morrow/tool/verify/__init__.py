"""What `morrow verify` proves, and how it is measured."""
