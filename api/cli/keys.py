"""Commands on the keys of the installation."""

import typer

from api.cli.terminal import AsJson, fail, run, show, with_system
from api.composition import Rotated, Running, rotate_master_key, rotate_token_key
from api.settings import Settings

keys_app = typer.Typer(help="The keys of the installation.", no_args_is_help=True)


@keys_app.command("rotate-master")
def keys_rotate_master(as_json: AsJson = False) -> None:
    """Wrap every key by CSBE_MASTER_KEY that CSBE_OTHER_MASTER_KEY wraps, and forget that one; servers go on."""

    async def rotate(running: Running) -> Rotated:
        if running.master_keys.other is None:
            fail("CSBE_OTHER_MASTER_KEY is missing: it is the master key that is to go")
        return await rotate_master_key(running.pool, running.master_keys)

    done = run(with_system(rotate))
    show(as_json, {"wrapped": done.wrapped, "left": done.left}, f"wrapped anew: {done.wrapped}")
    if done.left:
        fail(f"{done.left} were wrapped by the old one meanwhile: start all servers with the new one, then do it again")


@keys_app.command("rotate-tokens")
def keys_rotate_tokens(as_json: AsJson = False) -> None:
    """Sign tokens by a new key in the data directory, once the servers are restarted; those that are out still hold."""
    new = rotate_token_key(Settings())
    show(as_json, {"kid": new}, f"tokens are signed by {new} once all servers are restarted")
