// What is asked of the server: JSON, texts, and events as they come.

async function answered(response) {
  if (response.ok) return response;
  if (response.status === 401) throw new Error("The server was started anew. Open the link that it printed, or run: atom serve --open");
  let message = `${response.status} ${response.statusText}`;
  try {
    message = (await response.json()).error.message;
  } catch { /* it sent no JSON */ }
  throw new Error(message);
}

async function reached(path, options) {
  try {
    return await answered(await fetch(path, options));
  } catch (error) {
    if (error instanceof TypeError) throw new Error("The server does not answer. Is `atom serve` still running?");
    throw error;
  }
}

const sent = (body, more = {}) => ({ method: "POST", headers: { "content-type": "application/json", ...more }, body: JSON.stringify(body) });

/** The JSON that a path gives. */
export const get = async (path, signal) => (await reached(path, { signal })).json();

/** What a body sent to a path gives. */
export const post = async (path, body, signal) => (await reached(path, { ...sent(body), signal })).json();

/** A text to be saved: its content and its name. */
export async function text(path, body) {
  return (await reached(path, sent(body))).blob();
}

/** No longer wanted. */
export const cancel = (job) => reached(`/v1/jobs/${encodeURIComponent(job)}`, { method: "DELETE" });

/** The server-sent events of a path, each as its name and value; with a body it is sent. */
export async function* events(path, body, signal) {
  const accept = { accept: "text/event-stream" };
  const response = await reached(path, body === undefined ? { headers: accept, signal } : { ...sent(body, accept), signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      const blocks = rest.split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const found = { name: "message", data: "" };
        for (const line of block.split("\n")) {
          if (line.startsWith("event: ")) found.name = line.slice(7);
          if (line.startsWith("data: ")) found.data += line.slice(6);
        }
        if (found.data === "[DONE]") return;
        if (found.data) yield { name: found.name, value: JSON.parse(found.data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Results of a task over records, as they come: their index and value. */
export async function* results(task, items, signal, settings = {}) {
  for await (const { name, value } of events(`/v1/tasks/${task}`, { items, settings }, signal)) {
    if (name === "result" && value.error) throw new Error(value.error.message);
    if (name === "failed") throw new Error(value.error.message);
    if (name === "result" || name === "progress") yield { name, ...value };
  }
}

export const media = (id) => `/studio/media/${encodeURIComponent(id)}`;
export const picture = (id, time_s, height) => `/studio/pictures/${encodeURIComponent(id)}/${height}/${Math.max(0, Math.round(time_s * 1000))}`;
