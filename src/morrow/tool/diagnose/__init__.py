"""From what Kubernetes says of a release to one named cause."""
