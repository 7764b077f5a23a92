"""The WSGI application; only this folder knows HTTP."""
