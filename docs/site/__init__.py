"""The site of `make docs`: the pages of this repository, and references made from the code."""
