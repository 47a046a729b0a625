"""Import from the Socialverse API: people, posts and reactions.

`client` requests pages, `rows` parses them, `people`, `posts` and `reactions` store
them, `run` goes through all pages and resumes after an interruption. See
`docs/importing.md`.
"""

SOURCE = "socialverse"
TITLE = "Socialverse"
