"""What runs for ever behind the API."""
