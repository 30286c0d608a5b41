"""The service as processes: loaded, served, drained, replaced."""
