"""Mail to members: the texts, and the ways to send them."""
