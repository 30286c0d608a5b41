"""Everything that would stop a deploy, as a list of checks."""
