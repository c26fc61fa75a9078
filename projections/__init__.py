"""How events become tables: one file per read model, its tables and its project()."""
