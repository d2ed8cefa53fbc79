"""What goes in and out over HTTP: a model with an example for each request and each answer, one file per context."""
