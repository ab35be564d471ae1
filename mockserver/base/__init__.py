"""Small helpers that every room uses: JSON values, time, HTTP fields, HTML, errors."""
