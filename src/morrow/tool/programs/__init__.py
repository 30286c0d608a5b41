"""One wrapper for each program: typed arguments in, a parsed result or a named error out."""
