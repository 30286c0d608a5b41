"""A release applied, watched, taken back."""
