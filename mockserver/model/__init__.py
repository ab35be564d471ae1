"""Data types that pass between the rooms: the compiled API, requests, answers, and traces."""
