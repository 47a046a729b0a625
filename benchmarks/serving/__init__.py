"""How fast the platform serves a synthetic site: `python -m benchmarks.serving`.

`platform` starts the production server on the site, `scenarios` names the requests,
`wrk` sends them, `usage` reads what the processes used, `table` prints it.
"""
