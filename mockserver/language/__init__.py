"""The expression language of documents, and the Python programs made of steps."""
