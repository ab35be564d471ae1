"""The dashboard: static pages that use the control API."""
