"""A sandbox that emulates web APIs from their OpenAPI documents."""

__version__ = "0.1.0"
