"""The API of likes, follows, comments, history and events."""
