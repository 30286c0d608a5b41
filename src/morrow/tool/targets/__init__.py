"""Where an environment runs: one folder for each kind of target."""
