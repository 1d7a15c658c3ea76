// Moments as cards: a picture that plays the moment while it is pointed at, or has the focus.

import { button, h, say } from "./dom.js";
import { media, picture } from "./api.js";
import { clock, playSpan } from "./time.js";
import * as bin from "./bin.js";

const WAIT_MS = 180;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** The address of a moment on its video's page. */
export const place = (video, start_s, end_s) =>
  `#/video/${encodeURIComponent(video.id)}?t=${start_s.toFixed(3)}${end_s === undefined ? "" : `&end=${end_s.toFixed(3)}`}`;

/** A picture that plays its span, without sound, while it is pointed at or has the focus. */
export function preview(video, start_s, end_s, about) {
  const image = h("img", {
    src: picture(video.id, (start_s + end_s) / 2, 180), alt: "", loading: "lazy", width: 320, height: 180,
  });
  const made = h("a", { class: "preview", draggable: false, ...about }, image);
  let timer, player, stop;
  const begin = () => {
    if (still.matches || player || timer) return;
    timer = setTimeout(() => {
      player = h("video", { src: media(video.id), muted: true, playsinline: true, preload: "auto", "aria-hidden": "true", tabindex: "-1" });
      player.muted = true;
      player.addEventListener("error", end);
      player.addEventListener("seeked", () => player?.classList.add("seen"), { once: true });
      const again = () => { stop = playSpan(player, video, start_s, end_s, again); };
      player.addEventListener("loadedmetadata", again);
      made.append(player);
    }, WAIT_MS);
  };
  const end = () => {
    clearTimeout(timer);
    stop?.();
    if (player) {
      player.remove();
      player.removeAttribute("src");
      player.load(); // lets the connection go
    }
    timer = player = stop = undefined;
  };
  made.addEventListener("pointerenter", begin);
  made.addEventListener("focus", begin);
  made.addEventListener("pointerleave", end);
  made.addEventListener("blur", end);
  return made;
}

/** A moment that was found. */
export function card(moment, video) {
  const times = `${clock(moment.start_s)} to ${clock(moment.end_s)}`;
  const name = video.name;
  if (video.gone) {
    return h("li", { class: "card gone" }, h("p", { class: "caption" }, moment.caption), h("p", { class: "where" }, `${name}, ${times}`),
      h("p", { class: "wrong" }, video.gone));
  }
  const label = `${moment.caption || "Moment"}. ${name}, ${times}`;
  const add = button("Add to film", () => {
    bin.add(video, moment.start_s, moment.end_s, moment.caption);
    say(`Added to the film: ${bin.cuts().length} in all`);
  }, { "aria-label": `Add to film: ${label}` });
  return h("li", { class: "card", "data-video": video.id },
    preview(video, moment.start_s, moment.end_s, { href: place(video, moment.start_s, moment.end_s), "aria-label": label }),
    h("p", { class: "caption" }, moment.caption || "No caption"),
    h("p", { class: "where" }, h("bdi", {}, name), `, ${times}`),
    moment.quotes.map((quote) => h("p", { class: "quote" }, h("span", { class: "tag" }, quote.channel), " ", h("q", {}, quote.text))),
    h("p", { class: "tags" }, Object.keys(moment.channels).map((channel) => h("span", { class: "tag" }, channel)),
      moment.fits === false && h("span", { class: "tag weak" }, moment.may_fit ? "may fit" : "unlikely"),
      moment.alike > 0 && h("span", { class: "tag" }, `${moment.alike} more alike`)),
    add);
}
