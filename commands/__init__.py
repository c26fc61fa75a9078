"""What a tenant can ask for: one file per aggregate, its command models and one handler each."""
