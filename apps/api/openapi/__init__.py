"""The API in OpenAPI 3.1: one document for each catalogue, made from the routes, the catalogue and the fields.

`operations/` describes each method of each view, `document.py` puts all together. A route that nobody has described is
in no document, and fails a test that says what to write.
"""
