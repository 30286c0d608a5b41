"""The load client, in a process of its own; it imports nothing else of the tool."""
