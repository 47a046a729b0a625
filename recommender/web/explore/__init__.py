"""Tabs of Explore: people to follow, and the taste map."""
