"""Where an environment's secrets are kept."""
