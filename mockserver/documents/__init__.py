"""Documents in JSON and YAML: reading, positions, references, overlays and Swagger 2.0."""
