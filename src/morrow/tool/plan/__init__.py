"""What `up` would change, computed as Helm will act."""
