"""One module for each command; `cli.COMMANDS` names them."""
