"""The pages, and what is made from the repository for them: the site and the numbers."""
