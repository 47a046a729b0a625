"""The API of `accounts`: log-in, the user's own account, profiles."""
