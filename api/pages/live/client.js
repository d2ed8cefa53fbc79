// Talks to the REST API with the access token of a session.

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
  }
}

async function checked(answer) {
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

async function request(session, address, headers) {
  return checked(await fetch(address, { headers: { Authorization: `Bearer ${await session.token()}`, ...headers } }));
}

export async function get(session, path, query = {}) {
  return (await request(session, `${path}?${new URLSearchParams(query)}`, { Accept: "application/json" })).json();
}

/** Every row of a list, page by page. */
export async function all(session, path, name, query = {}) {
  const rows = [];
  let cursor = null;
  do {
    const page = await get(session, path, { limit: 1000, ...query, ...(cursor ? { cursor } : {}) });
    rows.push(...page[name]);
    cursor = page.next;
  } while (cursor);
  return rows;
}

const KEPT = "csbe.refresh_token";
const RENEW_MS = 60_000;

/** Somebody who is logged in. What goes on with the session is kept for this tab, so that it can be loaded again. */
export class Session {
  #token;
  #endsAt = Infinity;
  #renewing = null;

  /** By the one-time code of an address. */
  static async byCode(code) {
    return new Session(await Session.#post("pages", { code }));
  }

  /** By what the tab has kept; null when it has nothing. */
  static async kept() {
    const refreshToken = sessionStorage.getItem(KEPT);
    return refreshToken && new Session(await Session.#renewed(refreshToken));
  }

  /** By a token that somebody pasted; it is kept nowhere. */
  static pasted(token) {
    return new Session({ access_token: token });
  }

  constructor(tokens) {
    this.#take(tokens);
  }

  /** What an access token of ours says of itself: `role`, `service`, `scope`. One of another issuer says none of it. */
  get claims() {
    try {
      const part = this.#token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
      return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
    } catch {
      return {};
    }
  }

  /** Whether it is worth to ask: the server decides, and refuses whatever the page shows. */
  may(scope) {
    const { scope: scopes } = this.claims;
    return scopes === undefined || scopes.split(" ").includes(scope);
  }

  /** The access token, a new one when this one is about to end. */
  async token() {
    if (Date.now() > this.#endsAt) {
      this.#renewing ??= Session.#renewed(sessionStorage.getItem(KEPT)).then((tokens) => this.#take(tokens));
      await this.#renewing.finally(() => (this.#renewing = null));
    }
    return this.#token;
  }

  #take(tokens) {
    this.#token = tokens.access_token;
    if (!tokens.refresh_token) return;
    this.#endsAt = Date.now() + tokens.expires_in * 1000 - RENEW_MS;
    sessionStorage.setItem(KEPT, tokens.refresh_token);
  }

  static async #renewed(refreshToken) {
    sessionStorage.removeItem(KEPT); // it is good once
    return Session.#post("refresh", { refresh_token: refreshToken });
  }

  static async #post(how, body) {
    const headers = { "Content-Type": "application/json" };
    return (await checked(await fetch(`v1/login/${how}`, { method: "POST", headers, body: JSON.stringify(body) }))).json();
  }
}

/** Server-sent events with a token, which the browser's EventSource cannot send. Read again, it goes on where it stopped. */
export class EventStream {
  #session;
  #path;
  #lastId = null;

  constructor(session, path) {
    this.#session = session;
    this.#path = path;
  }

  /** Hand on each message until the connection ends, which is always an error; `onRestart` where the log begins anew. */
  async read(onMessage, onOpen, onRestart) {
    const resume = this.#lastId === null ? {} : { "Last-Event-ID": this.#lastId };
    const answer = await request(this.#session, this.#path, { Accept: "text/event-stream", ...resume });
    onOpen();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let kept = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream ended");
      const blocks = (kept + value).replaceAll("\r\n", "\n").split("\n\n");
      kept = blocks.pop();
      for (const block of blocks) this.#deliver(block, onMessage, onRestart);
    }
  }

  #deliver(block, onMessage, onRestart) {
    const fields = block.split("\n").map((line) => line.match(/^(\w+): ?(.*)$/)).filter(Boolean);
    const data = fields.filter(([, name]) => name === "data").map(([, , value]) => value);
    if (!data.length) return;
    if (fields.some(([, name, value]) => name === "event" && value === "restarted")) onRestart();
    else onMessage(JSON.parse(data.join("\n")));
    this.#lastId = fields.find(([, name]) => name === "id")?.[2] ?? this.#lastId;
  }
}
