"""What an environment must fulfil before anything is touched."""
