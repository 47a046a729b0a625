"""The Socialverse API: people, posts, and what people did with them.

`client` asks, `rows` understands, `people`, `posts` and `reactions` write a page each,
`run` goes through all pages and can be killed anywhere. See `docs/importing.md`.
"""

SOURCE = "socialverse"
TITLE = "Socialverse"
