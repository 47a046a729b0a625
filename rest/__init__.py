"""How every API behaves: input, pagination, ETags, problem JSON, strict types, schema.

The lowest package of the project: it imports no app and knows no model.
"""
