"""The runtime of Amazon Personalize, as AWS's own clients speak it.

A request is checked against its signature (`signature`) and against the shapes that
botocore describes (`shapes`), answered by an operation (`recommending`, `events`,
`datasets`), and errors have AWS's form (`errors`). Of everything else in Personalize,
datasets are imported and exported by commands; see `docs/migrating.md`.
"""
