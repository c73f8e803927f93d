"""What a million confirmed signatures cost: measured units times a dated price table. `make cost`."""
