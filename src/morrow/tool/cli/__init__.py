"""The command line: commands, options, the edge where errors become exit codes."""
