"""The expression language, and the programs that steps are compiled to."""
