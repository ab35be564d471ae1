"""Tries to break sandboxes that several processes share; `run.py` runs all of it."""
