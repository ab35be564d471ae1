"""The control API under `/_mock`: it shows and changes sandboxes over HTTP."""
