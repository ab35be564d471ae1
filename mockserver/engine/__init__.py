"""The engine: handles one request in one sandbox at one instant, without input or output."""
