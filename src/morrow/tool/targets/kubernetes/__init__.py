"""The target `kubernetes`: a release in a cluster."""
