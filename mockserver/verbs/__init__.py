"""The verbs of `x-mock` steps, one module each, and the compiler of steps."""
