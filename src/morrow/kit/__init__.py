"""What runs inside the service's process. It never imports the tool."""
