"""The OpenAPI document: schemas from the models, paths from the list of routes, texts from `operations`."""
