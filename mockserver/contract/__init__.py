"""The contract as a tool: hold documents, interactions and running services against each other."""
