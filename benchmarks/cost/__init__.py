"""The cost of a million confirmed signatures: measured units times a dated price table. `make cost`."""
