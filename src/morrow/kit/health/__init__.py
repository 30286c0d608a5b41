"""Whether the service is well: its checks and the server that answers for it."""
