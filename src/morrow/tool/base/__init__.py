"""What every room uses: errors, the terminal, the project, an outcome."""
