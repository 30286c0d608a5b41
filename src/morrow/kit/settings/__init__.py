"""What a service reads from its environment: declared, loaded, judged, described."""
