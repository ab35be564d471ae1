"""Contract testing: documents, interactions and running services compared with each other."""
