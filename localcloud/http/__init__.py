"""The AWS API's edge: signatures, principals, errors, and the WSGI application."""
