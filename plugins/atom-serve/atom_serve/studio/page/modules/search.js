// Search: words, facets, what is found. Without words, the videos of the library.

import { button, field, h, say, trying } from "./dom.js";
import { get, post } from "./api.js";
import { card, preview } from "./moments.js";
import { clock } from "./time.js";

const SIZE = 24;
const DAY_S = 86400;

/** The search's page. Everything that is asked for stands in the address, so that it can be gone back to. */
export async function page(_, more, signal) {
  const facets = await get("/studio/facets", signal);
  const results = h("div", { id: "results" });
  const form = asking(facets, more);
  const run = trying(async () => {
    const query = read(more);
    if (!query.text) await videos(results, more.get("named") ?? "", signal);
    else await found(results, query, signal);
  });
  return { title: more.get("q") || "Search", parts: [h("h1", { tabindex: "-1" }, "Search"), form, results], shown: run };
}

function asking(facets, more) {
  const text = h("input", { type: "search", name: "q", id: "q", value: more.get("q") ?? "", placeholder: "What is to be seen, said or written", maxlength: 1000, autocomplete: "off" });
  const chosen = new Set(more.getAll("channel"));
  const one = (name, label, about) => field(label, h("input", { name, value: more.get(name) ?? "", ...about }));
  const narrowed = ["folder", "kind", "from", "to", "min", "max", "without", "channel", "video"].some((name) => more.has(name));
  const details = h("details", { open: narrowed, class: "facets" }, h("summary", {}, "Narrow"),
    h("div", { class: "fields" },
      field("Folder", options("folder", more, [["", "All folders"], ...facets.folders.map((one) => [one.folder, `${one.shown} (${one.videos})`])])),
      field("Kind", options("kind", more, [["", "Footage and films"], ["footage", "Footage"], ["film", "Films made by Atom"]])),
      one("from", "Recorded from", { type: "date" }), one("to", "Recorded until", { type: "date" }),
      one("min", "At least, seconds", { type: "number", min: 0, step: "any" }), one("max", "At most, seconds", { type: "number", min: 0, step: "any" }),
      one("without", "Not showing", { type: "text", maxlength: 500 })),
    h("fieldset", {}, h("legend", {}, "Found by"), facets.channels.map((name) =>
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "channel", value: name, checked: chosen.has(name) }), name))));
  const within = more.get("video");
  return h("form", { role: "search", class: "search", onsubmit: (event) => { event.preventDefault(); go(event.target); } },
    h("div", { class: "line" }, field("Look for", text), h("button", { type: "submit", class: "main" }, "Search")),
    within && h("p", {}, h("label", { class: "check" }, h("input", { type: "checkbox", name: "video", value: within, checked: true }), "Within one video")),
    details);
}

function options(name, more, values) {
  return h("select", { name }, values.map(([value, text]) => h("option", { value, selected: more.get(name) === value }, text)));
}

function go(form) {
  const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  const next = `#/search?${asked}`;
  if (location.hash === next) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = next;
}

/** The address as a query. */
function read(more) {
  const day = (name, days) => (more.get(name) ? Date.parse(`${more.get(name)}T00:00:00`) / 1000 + days * DAY_S : undefined);
  const number = (name) => (more.get(name) ? Number(more.get(name)) : undefined);
  return {
    text: (more.get("q") ?? "").trim(), folder: more.get("folder") ?? undefined, kind: more.get("kind") ?? undefined, video: more.get("video") ?? undefined,
    without: more.get("without") ?? undefined, channels: more.getAll("channel"), recorded_from_s: day("from", 0), recorded_to_s: day("to", 1),
    shortest_s: number("min"), longest_s: number("max"),
  };
}

async function found(results, query, signal) {
  const list = h("ol", { class: "cards", "aria-label": "Moments" });
  const about = h("p", { class: "about" }, "Looking");
  const more = button("More", trying(() => next(true)), { hidden: true });
  results.replaceChildren(about, list, more);
  let num = 0;
  async function next(byHand) {
    const answer = await post("/studio/search", { ...query, limit: SIZE, skip: num }, signal);
    const cards = answer.moments.map((moment) => card(moment, answer.videos[moment.video]));
    list.append(...cards);
    num += cards.length;
    more.hidden = !answer.more;
    const weak = num > 0 && answer.moments.every((moment) => moment.fits === false);
    const nearest = answer.moments.some((moment) => moment.may_fit) ? "It is not sure that anything fits; this comes nearest." : "Nothing fits well; this comes nearest.";
    about.textContent = num === 0 ? "Nothing is found; look for something else, or narrow less." : weak && !byHand ? nearest : `${num}${answer.more ? " or more" : ""} moments, best first`;
    if (byHand) cards[0]?.querySelector("a")?.focus();
    else say(about.textContent);
  }
  await next(false);
}

async function videos(results, named, signal) {
  const list = h("ol", { class: "cards", "aria-label": "Videos" });
  const about = h("p", { class: "about" });
  const more = button("More", trying(() => next()), { hidden: true });
  results.replaceChildren(h("h2", {}, "Videos of the library"), about, list, more);
  let num = 0;
  async function next() {
    const answer = await get(`/studio/videos?${new URLSearchParams({ named, skip: num })}`, signal);
    num += answer.videos.length;
    list.append(...answer.videos.map(videoCard));
    more.hidden = num >= answer.total;
    about.replaceChildren(...(answer.total ? [`${answer.total} in all`] : ["There are none yet. ", h("a", { href: "#/library" }, "Index a folder"), " first."]));
  }
  await next();
}

function videoCard(video) {
  if (video.gone) return h("li", { class: "card gone" }, h("p", { class: "caption" }, video.name), h("p", { class: "wrong" }, video.gone));
  const href = `#/video/${encodeURIComponent(video.id)}`;
  return h("li", { class: "card", "data-video": video.id },
    preview(video, 0, Math.min(video.duration_s, 20), { href, "aria-label": `${video.name}, ${clock(video.duration_s)}` }),
    h("p", { class: "caption" }, h("bdi", {}, video.name)),
    h("p", { class: "where" }, `${clock(video.duration_s)}, ${video.width} x ${video.height}`));
}
