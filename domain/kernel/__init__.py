"""What every context needs: aggregates and events, money, ids, errors, ports, dispatcher. Never one context's rule."""
