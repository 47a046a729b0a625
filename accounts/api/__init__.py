"""The API of `accounts`: getting in, one's own account, other people."""
