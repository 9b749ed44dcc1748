"""All the input and output of the worker."""
