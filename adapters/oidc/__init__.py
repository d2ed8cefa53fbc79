"""An OpenID Connect provider: where staff log in, and whose access tokens are accepted."""
