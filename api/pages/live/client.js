// Talks to the REST API with a bearer token.

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
  }
}

async function request(token, address, headers) {
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}`, ...headers } });
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

export async function get(token, path, query = {}) {
  return (await request(token, `${path}?${new URLSearchParams(query)}`, { Accept: "application/json" })).json();
}

/** Server-sent events with a token, which the browser's EventSource cannot send. Read again, it goes on where it stopped. */
export class EventStream {
  #token;
  #path;
  #lastId = null;

  constructor(token, path) {
    this.#token = token;
    this.#path = path;
  }

  /** Hand on each message until the connection ends, which is always an error. */
  async read(onMessage, onOpen) {
    const resume = this.#lastId === null ? {} : { "Last-Event-ID": this.#lastId };
    const answer = await request(this.#token, this.#path, { Accept: "text/event-stream", ...resume });
    onOpen();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let kept = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream ended");
      const blocks = (kept + value).replaceAll("\r\n", "\n").split("\n\n");
      kept = blocks.pop();
      for (const block of blocks) this.#deliver(block, onMessage);
    }
  }

  #deliver(block, onMessage) {
    const fields = block.split("\n").map((line) => line.match(/^(\w+): ?(.*)$/)).filter(Boolean);
    const data = fields.filter(([, name]) => name === "data").map(([, , value]) => value);
    if (!data.length) return;
    onMessage(JSON.parse(data.join("\n")));
    this.#lastId = fields.find(([, name]) => name === "id")?.[2] ?? this.#lastId;
  }
}
