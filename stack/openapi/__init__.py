"""The OpenAPI document: schemas from the models, paths from the routes, texts from the docstrings of the views."""
