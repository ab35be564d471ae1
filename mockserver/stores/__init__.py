"""Keep histories of sandboxes outside of the process, and share them between processes."""
