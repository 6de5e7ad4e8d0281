# The client.
