"""A real Kubernetes cluster on one bare Linux machine, for tests and for trying things out."""
