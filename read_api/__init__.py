"""How read models answer: the same file names as in projections."""
