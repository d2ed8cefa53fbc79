"""Read models: their generations, builds and swaps. Never which event becomes which row: that is `projections`."""
