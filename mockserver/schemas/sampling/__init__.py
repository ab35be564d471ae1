"""Sample values made from JSON Schemas."""
