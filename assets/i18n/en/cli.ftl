# The cli.
