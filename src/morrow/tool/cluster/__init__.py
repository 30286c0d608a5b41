"""One environment in its cluster: place, namespace, protection, lock."""
