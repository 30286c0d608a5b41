"""`morrow init`: from a stranger's repository to one that Morrow can run, and `eject`."""
