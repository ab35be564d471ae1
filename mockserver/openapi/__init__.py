"""The compiler of OpenAPI documents: from paths, schemas and `x-mock` to `model.Api`."""
