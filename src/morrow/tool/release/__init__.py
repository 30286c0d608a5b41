"""From a proof to the next environment: statements, and the promotion of a digest."""
