"""Request + sandbox + now → answer."""
