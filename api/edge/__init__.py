"""What stands between the network and the routes: time-outs, bounds, headers, limits. Never a rule of the domain."""
