"""The API of categories and videos."""
