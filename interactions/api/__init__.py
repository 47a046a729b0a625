"""The API of what people do."""
