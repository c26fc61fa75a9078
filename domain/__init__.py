"""What happens and what is allowed: pure, no clock, no randomness, no I/O."""
