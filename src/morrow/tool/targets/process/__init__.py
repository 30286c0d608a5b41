"""The target `process`: the service runs on this machine."""
