"""A certified OpenID Connect provider (npm's oidc-provider), in a process of its own."""

import asyncio
import json
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

SOURCES = Path(__file__).parent / "oidc"
INSTALLED = Path(__file__).parents[2] / "build" / "oidc"
AUDIENCE = "urn:csbe:api"
SECRET = "test-secret"
ROLES = {"csbe-operators": "operator", "csbe-partners": "partner"}
_FORM = re.compile(r'<form[^>]* action="([^"]+)"')
_PROMPT = re.compile(r'name="prompt" value="(\w+)"')

IS_PLAYABLE = all(map(shutil.which, ("node", "npm")))
"""Whether it can run here: its home is Node."""


@dataclass
class IdentityProvider:
    """Where it listens, and who is known there."""

    port: int
    redirect_uri: str
    people: Mapping[str, Mapping[str, Any]]

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, Any]:
        """How an installation is told of it."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": "csbe",
            "oidc_client_secret": SECRET,
            "oidc_audience": AUDIENCE,
            "oidc_roles": ROLES,
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """It answers during the block; each time with new keys."""
        command = ("node", "provider.mjs", str(self.port), self.redirect_uri, json.dumps(self.people))
        process = await asyncio.create_subprocess_exec(*command, cwd=INSTALLED, stdout=PIPE, stderr=DEVNULL)
        assert process.stdout
        try:
            while b"listening" not in (line := await process.stdout.readline()):
                assert line, "the identity provider ended"
            yield
        finally:
            process.terminate()
            await process.wait()

    async def machine_token(self, audience: str = AUDIENCE) -> str:
        """An access token of a program of staff."""
        async with httpx2.AsyncClient() as http:
            form = {"grant_type": "client_credentials", "resource": audience}
            answer = await http.post(f"{self.issuer}/token", data=form, auth=("machine", SECRET))
            token: str = answer.json()["access_token"]
            return token


async def install() -> None:
    """Its packages, once."""
    wanted = (SOURCES / "package-lock.json").read_bytes()
    done = INSTALLED / "package-lock.json"
    if not (INSTALLED / "node_modules" / "oidc-provider").exists() or done.read_bytes() != wanted:
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, INSTALLED)
        npm = await asyncio.create_subprocess_exec(
            *("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"), cwd=INSTALLED
        )
        assert await npm.wait() == 0, "npm could not install the identity provider"
    shutil.copy(SOURCES / "provider.mjs", INSTALLED)


async def log_in_as(person: str, browser: httpx2.AsyncClient, address: str, home: str) -> httpx2.Response:
    """What a browser gets that goes to an address, says who it is at the provider, and agrees: our last answer."""
    answer = await browser.get(address)
    for _ in range(20):
        if answer.is_redirect:
            address = str(answer.headers["Location"])
            if address.startswith(f"{home}/#"):
                return answer
            answer = await browser.get(answer.request.url.join(address))
        elif form := _FORM.search(answer.text):
            [prompt] = _PROMPT.findall(answer.text)
            answer = await browser.post(form[1], data={"prompt": prompt, "login": person, "password": "any"})
        else:
            return answer
    raise AssertionError("the provider asks for ever")
