"""What a Prometheus knows of a service."""
