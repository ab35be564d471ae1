"""Play saved histories again, and say what answers differ and why."""
