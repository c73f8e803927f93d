"""`make cost`: compute what a million confirmed signatures cost, from measured units and the prices of a known date."""
