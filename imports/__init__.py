"""Data from elsewhere, and out again: files, the Socialverse API, Personalize's layout.

A *dataset* (`movielens`, `kuairand`, `personalize`) reads one published layout and
yields `records`; `loading` writes them. `socialverse` reads an API page by page.
`exporting` writes files. `docs/importing.md` describes layouts and mappings.
"""
