"""The verbs of steps, one module each, and the compiler of steps."""
