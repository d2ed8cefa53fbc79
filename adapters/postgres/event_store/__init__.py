"""The event store: appends in groups and in safe order, loads aggregates, reads the log. It knows no follower."""
