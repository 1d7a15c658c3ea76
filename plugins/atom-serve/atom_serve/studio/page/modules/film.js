// The film: chosen moments, arranged by dragging or by keys, trimmed by frames, played one after the other, rendered.

import { button, field, h, say, trying } from "./dom.js";
import { cancel, events, media, picture, post, text } from "./api.js";
import { clock, playSpan, showAt, timeOf } from "./time.js";
import { place } from "./moments.js";
import * as bin from "./bin.js";

const FORMATS = [["otio", "OpenTimelineIO (.otio)"], ["edl", "Edit decision list (.edl)"], ["srt", "Subtitles: captions (.srt)"], ["vtt", "Subtitles: captions (.vtt)"],
  ["srt+words", "Subtitles: what is said (.srt)"], ["vtt+words", "Subtitles: what is said (.vtt)"]];

/** The film's page. */
export async function page(_, __, signal) {
  const list = h("ol", { class: "cuts", "aria-label": "Cuts of the film" });
  const about = h("p", { id: "length" });
  const title = h("input", { type: "text", value: bin.title(), maxlength: 200, placeholder: "Film", onchange: (event) => bin.entitle(event.target.value) });
  const tools = h("div", { class: "tools" });
  const screen = h("div", { class: "screen", hidden: true });
  const result = h("section", { id: "film", "aria-label": "Rendered film" });
  const stopPlaying = { now: undefined };
  const stop = () => { stopPlaying.now?.(); stopPlaying.now = undefined; };
  const play = button("Play", () => { stop(); stopPlaying.now = sequence(screen); }, { id: "play" });
  const render = button("Render", trying(() => rendered(result, render, signal)), { class: "main", id: "render" });
  const format = h("select", { "aria-label": "Format", id: "format" }, FORMATS.map(([value, shown]) => h("option", { value }, shown)));
  const save = button("Export", trying(() => exported(format.value)), { id: "export" });
  const undo = button("Undo", bin.undo, { id: "undo" }), redo = button("Redo", bin.redo), clear = button("Remove all", bin.clear);
  tools.append(play, render, format, save, undo, redo, clear);

  const forget = bin.changed(() => {
    const cuts = bin.cuts();
    const total_s = cuts.reduce((sum, cut) => sum + bin.length_s(cut), 0);
    about.replaceChildren(...(cuts.length ? [`${cuts.length} cut${cuts.length > 1 ? "s" : ""}, ${clock(total_s)}`] : ["Nothing is chosen yet. ", h("a", { href: "#/" }, "Search"), " for moments and add them."]));
    for (const one of [play, render, save, format, clear]) one.disabled = !cuts.length;
    undo.disabled = !bin.canUndo();
    redo.disabled = !bin.canRedo();
    drawn(list, cuts);
  });
  const keys = (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.tagName === "INPUT") return;
    event.preventDefault();
    (event.shiftKey ? bin.redo : bin.undo)();
  };
  document.addEventListener("keydown", keys);
  return {
    title: "Film",
    parts: [h("h1", { tabindex: "-1" }, "Film"), field("Title", title), about, tools,
      h("p", { class: "hint", id: "how" }, "Drag cuts to arrange them, or move them with Alt and the arrow keys. Delete removes one, Control and Z brings it back."), screen, list, result],
    leave: () => { forget(); stop(); document.removeEventListener("keydown", keys); },
  };
}

/** Show the cuts as they are now; what has not changed stays as it is, and the focus where it was. */
function drawn(list, cuts) {
  const there = new Map([...list.children].map((line) => [Number(line.dataset.key), line]));
  const focused = list.contains(document.activeElement) ? [Number(document.activeElement.closest("li").dataset.key), document.activeElement.dataset.role] : undefined;
  const lines = cuts.map((cut, index) => {
    const mark = `${cut.first}-${cut.end}`;
    const kept = there.get(cut.key);
    const line = kept?.dataset.mark === mark ? kept : lineOf(cut);
    line.dataset.mark = mark;
    line.setAttribute("aria-label", `Cut ${index + 1} of ${cuts.length}: ${cut.caption || cut.video.name}, ${cut.end - cut.first} frames`);
    line.querySelector(".number").textContent = index + 1;
    return line;
  });
  list.replaceChildren(...lines);
  if (!focused) return;
  const line = lines.find((one) => Number(one.dataset.key) === focused[0]) ?? lines.at(-1);
  (line?.querySelector(`[data-role="${focused[1]}"]`) ?? line)?.focus();
}

function lineOf(cut) {
  const { video, key } = cut;
  const at = () => bin.cuts().findIndex((one) => one.key === key);
  const move = (by) => {
    bin.move(key, at() + by);
    say(`Now number ${at() + 1} of ${bin.cuts().length}`);
  };
  const edge = (frame, label) => h("figure", {}, h("img", { src: picture(video.id, timeOf(video, frame + 0.5), 90), alt: "", width: 160, height: 90 }), h("figcaption", {}, label));
  const trim = (label, role, value, becomes) => {
    const input = h("input", { type: "number", value, step: 1, min: 0, "data-role": role, onchange: (event) => becomes(Number(event.target.value)) });
    return h("div", { class: "trim" }, field(label, input),
      button("\u2212", () => becomes(value - 1), { "aria-label": `${label}: a frame earlier`, "data-role": `${role}-less` }),
      button("+", () => becomes(value + 1), { "aria-label": `${label}: a frame later`, "data-role": `${role}-more` }));
  };
  const line = h("li", { class: "cut", draggable: "true", tabindex: "0", "data-key": key, "aria-describedby": "how" },
    h("span", { class: "number", "aria-hidden": "true" }),
    edge(cut.first, "first"), edge(cut.end - 1, "last"),
    h("div", { class: "what" },
      h("p", { class: "caption" }, cut.caption || "No caption"),
      h("p", { class: "where" }, h("a", { href: place(video, timeOf(video, cut.first), timeOf(video, cut.end)), draggable: "false" }, h("bdi", {}, video.name)), `, ${clock(timeOf(video, cut.first))} to ${clock(timeOf(video, cut.end))}`),
      h("div", { class: "tools" },
        trim("First frame", "first", cut.first, (first) => bin.trim(key, Math.min(first, cut.end - 1), cut.end)),
        trim("Last frame", "last", cut.end - 1, (last) => bin.trim(key, cut.first, Math.max(last, cut.first) + 1)),
        h("output", {}, `${cut.end - cut.first} frames`))),
    h("div", { class: "tools order" },
      button("Earlier", () => move(-1), { "data-role": "earlier" }), button("Later", () => move(1), { "data-role": "later" }),
      button("Remove", () => removed(key), { "data-role": "remove" })));
  line.addEventListener("keydown", (event) => {
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      move(event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Delete" && event.target === line) removed(key);
  });
  dragging(line, key);
  return line;
}

function removed(key) {
  bin.remove(key);
  say("Removed. Undo brings it back.");
}

function dragging(line, key) {
  const isAfter = (event) => event.clientY > line.getBoundingClientRect().top + line.offsetHeight / 2;
  line.addEventListener("dragstart", (event) => {
    event.dataTransfer.setData("text/plain", String(key));
    event.dataTransfer.effectAllowed = "move";
    dragging.key = key;
    line.classList.add("dragged");
  });
  line.addEventListener("dragend", () => {
    dragging.key = undefined;
    line.classList.remove("dragged");
  });
  line.addEventListener("dragover", (event) => {
    if (dragging.key === undefined || dragging.key === key) return;
    event.preventDefault();
    line.dataset.drop = isAfter(event) ? "after" : "before";
  });
  line.addEventListener("dragleave", () => delete line.dataset.drop);
  line.addEventListener("drop", (event) => {
    delete line.dataset.drop;
    if (dragging.key === undefined || dragging.key === key) return;
    event.preventDefault();
    const others = bin.cuts().filter((one) => one.key !== dragging.key);
    bin.move(dragging.key, others.findIndex((one) => one.key === key) + (isAfter(event) ? 1 : 0));
  });
}

/** Play the cuts one after the other: while one is played, the next is made ready. Gives back what ends it. */
function sequence(screen) {
  const cuts = bin.cuts();
  const players = [0, 1].map(() => h("video", { playsinline: true, preload: "auto", "aria-label": "The film as it is arranged", tabindex: "-1" }));
  const about = h("p", { class: "where" });
  let stop = () => {}, over = false;
  const end = () => {
    over = true;
    stop();
    screen.hidden = true;
    for (const player of players) {
      player.removeAttribute("src");
      player.load();
    }
    screen.replaceChildren();
  };
  const ready = (index) => {
    const cut = cuts[index], player = players[index % 2];
    if (!cut) return;
    const address = media(cut.video.id);
    if (player.getAttribute("src") === address) showAt(player, cut.video, timeOf(cut.video, cut.first));
    else {
      player.src = address;
      player.addEventListener("loadedmetadata", () => showAt(player, cut.video, timeOf(cut.video, cut.first)), { once: true });
    }
  };
  const playing = (index) => {
    const cut = cuts[index], player = players[index % 2];
    if (over || !cut) return end();
    const begin = () => {
      if (over) return;
      players[index % 2].hidden = false;
      players[(index + 1) % 2].hidden = true;
      screen.dataset.cut = index;
      about.textContent = `${index + 1} of ${cuts.length}: ${cut.caption || cut.video.name}`;
      stop = playSpan(player, cut.video, timeOf(cut.video, cut.first), timeOf(cut.video, cut.end), () => {
        player.pause();
        playing(index + 1);
      });
      ready(index + 1);
    };
    if (player.readyState >= 1) begin();
    else player.addEventListener("loadedmetadata", begin, { once: true });
  };
  players[1].hidden = true;
  screen.replaceChildren(...players, about, button("Stop", end));
  screen.hidden = false;
  for (const player of players) player.addEventListener("error", () => { if (player.hasAttribute("src")) { end(); say("The browser cannot play one of these files; rendering works all the same.", { wrong: true }); } });
  ready(0);
  playing(0);
  return end;
}

async function rendered(result, start, signal) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Rendering" });
  const job = await post("/studio/films", bin.film(), signal);
  const stop = button("Stop", trying(() => cancel(job.id)));
  result.replaceChildren(h("h2", {}, "Rendering"), bar, stop);
  start.disabled = true;
  try {
    for await (const { name, value } of events(`/v1/jobs/${encodeURIComponent(job.id)}/events`, undefined, signal)) {
      if (name === "progress") Object.assign(bar, { max: Math.max(value.total, 1), value: value.done });
      if (name === "failed") throw new Error(value.error.message);
      if (name === "cancelled") throw new Error("Stopped; nothing was written.");
    }
    const address = `/v1/files/${encodeURIComponent(job.file)}/content`;
    const name = `${(bin.title() || "Film").replace(/[^\p{L}\p{N} ._-]/gu, "_").slice(0, 80)}.mp4`;
    result.replaceChildren(h("h2", {}, "Film"), h("video", { src: address, controls: true, playsinline: true, "aria-label": "The rendered film" }),
      h("p", {}, h("a", { href: address, download: name, id: "download", class: "main" }, "Save the film"), " It is kept for a day."));
    say("The film is rendered.");
  } catch (error) {
    result.replaceChildren();
    throw error;
  } finally {
    start.disabled = !bin.cuts().length;
  }
}

async function exported(format) {
  const [kind, words] = format.split("+");
  const content = await text(`/studio/export/${kind}`, { ...bin.film(), words: Boolean(words) });
  const link = h("a", { href: URL.createObjectURL(content), download: `film.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
