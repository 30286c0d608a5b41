"""The command line tool `morrow`, which runs on the engineer's machine."""
