// The library: folders added to it, and what the server has loaded and reused.

import { button, field, h, say, trying } from "./dom.js";
import { cancel, events, get, post } from "./api.js";

const LATEST = 200;

/** The library's page. */
export async function page(_, __, signal) {
  const [facets, offered, status] = await Promise.all([get("/studio/facets", signal), get("/studio/folders", signal), get("/v1/status", signal)]);
  const about = h("p", { id: "about" }, told(facets));
  const loaded = h("div", {}, loading(status));
  const again = trying(async () => {
    about.textContent = told(await get("/studio/facets", signal));
    loaded.replaceChildren(...loading(await get("/v1/status", signal)));
  });
  return {
    title: "Library",
    parts: [h("h1", { tabindex: "-1" }, "Library"), about, indexing(offered.folders, again, signal), h("section", {}, h("h2", {}, "Model"), loaded, button("Look again", again))],
  };
}

const told = (facets) => `${facets.num_clips} moments of ${facets.num_videos} videos.`;

function indexing(folders, done, signal) {
  if (!folders.length) return h("section", {}, h("h2", {}, "Index a folder"), h("p", {}, "No folder is allowed. Start the server with ", h("code", {}, "atom serve --allow FOLDER"), "."));
  const folder = h("input", { name: "folder", id: "folder", list: "folders", value: folders[0], required: true, autocomplete: "off" });
  const bar = h("progress", { id: "indexed", "aria-label": "Progress", hidden: true }), state = h("p", { id: "state", role: "status" });
  const lines = h("ol", { class: "lines", id: "indexing", "aria-label": "What was indexed" });
  let job;
  const start = h("button", { type: "submit", class: "main" }, "Index"), stop = button("Stop", trying(async () => { if (job) await cancel(job); }), { hidden: true });
  const run = trying(async () => {
    start.disabled = true;
    try {
      job = (await post("/studio/index", { folder: folder.value }, signal)).id;
      lines.replaceChildren();
      stop.hidden = bar.hidden = false;
      bar.removeAttribute("value");
      await followed(job, bar, state, lines, signal);
    } finally {
      start.disabled = false;
      stop.hidden = bar.hidden = true;
    }
    await done();
  });
  return h("section", {}, h("h2", {}, "Index a folder"),
    h("form", { class: "line", onsubmit: (event) => { event.preventDefault(); run(); } },
      field("Folder", folder), h("datalist", { id: "folders" }, folders.map((one) => h("option", { value: one }))), start, stop),
    bar, state, lines);
}

async function followed(job, bar, state, lines, signal) {
  for await (const { name, value } of events(`/v1/jobs/${encodeURIComponent(job)}/events`, undefined, signal)) {
    if (name === "progress") {
      bar.max = Math.max(value.total, 1);
      bar.value = value.done;
      state.textContent = `${value.label ?? "Done"}: ${value.done} of ${value.total}`;
    } else if (name === "result") {
      lines.prepend(h("li", { class: value.error ? "wrong" : "" }, value.text));
      if (lines.children.length > LATEST) lines.lastChild.remove();
    } else if (name === "failed") {
      state.textContent = "";
      throw new Error(value.error.message);
    } else if (name === "done" || name === "cancelled") {
      state.textContent = name === "done" ? "All is indexed." : "Stopped. What was done stays.";
      say(state.textContent);
    }
  }
}

function loading(status) {
  const { ledger } = status;
  const rows = [["Loads", "loads"], ["Clips encoded", "encoder_clips"], ["Their frames", "encoder_frames"], ["Prompt tokens read", "prefill_tokens"], ["Tokens decoded", "decode_tokens"]];
  const head = ["", "asked for", "computed", "reused"].map((text) => (text ? h("th", {}, text) : h("td", {})));
  return [
    h("p", {}, `${status.model} is ${status.loaded ? "loaded" : "not loaded; it is when it is needed"}. The server runs for ${Math.round(status.running_s / 60)} min, at most ${Math.round(ledger.peak_memory_bytes / 2 ** 20)} MiB were in use.`),
    h("table", {}, h("caption", {}, "What was asked for, and how much of it was there already"), h("thead", {}, h("tr", {}, head)),
      h("tbody", {}, rows.map(([text, name]) => h("tr", {}, h("th", {}, text), ["requested", "computed", "reused"].map((how) => h("td", {}, String(ledger[name]?.[how] ?? ""))))))),
  ];
}
