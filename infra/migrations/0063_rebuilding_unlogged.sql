-- What a rebuild has filled counts for nothing after a crash of the server: its rows, which `migrate` keeps in unlogged
-- tables, are gone then, and so must be the positions that speak of them. Who was switched stays switched.

ALTER TABLE rebuilding.positions SET UNLOGGED;
ALTER TABLE rebuilding.parked    SET UNLOGGED;
