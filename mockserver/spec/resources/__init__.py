"""State without configuration: the resources that a document's paths and schemas describe."""
