"""The page and the plots of a measured run; it imports only the load client's result."""
