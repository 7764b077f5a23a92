"""The verbs of the domain, one noun a file; every function takes a connection and never commits."""
