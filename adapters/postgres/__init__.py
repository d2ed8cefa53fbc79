"""The event store, its followers and the migrations of schema `csbe`. Never a read model, never a decision."""
