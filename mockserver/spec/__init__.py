"""From documents to `model.Api`."""
