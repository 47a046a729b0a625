"""A synthetic site of any size: `python -m benchmarks.site --folder DIR`.

`draws` makes up people, videos and what people do, as arrays. `people`, `videos` and
`activity` write them to an empty database in bulk, and `build` does all of it.
"""
