"""What every context needs: aggregate and event bases, money, ids, errors, ports, the dispatcher. Never a rule of one context."""
