"""From a bare machine to a running local environment, and back: `make setup`, `make up`, `make down`.

Runs before anything is installed, so these modules use the standard library only, and a syntax that an old Python
can read far enough to say that it is too old.
"""
