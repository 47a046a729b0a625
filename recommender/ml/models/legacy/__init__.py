"""Models of the older systems, kept for migration."""
