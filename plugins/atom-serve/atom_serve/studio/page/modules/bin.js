// The chosen moments, in order. They are kept in this browser, so that a page that is opened anew has them.

import { boundary, timeOf } from "./time.js";

const PLACE = "atom-film", MOST_STEPS = 50;
const listeners = new Set();
let state = read();
const before = [], after = [];

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE));
    if (Array.isArray(kept.cuts) && kept.cuts.every((cut) => cut.video.rate && cut.first < cut.end)) return kept;
  } catch { /* nothing is kept, or nothing that can be read */ }
  return { title: "", cuts: [], next: 1 };
}

function become(next, { step = true } = {}) {
  if (step) {
    before.push(state);
    if (before.length > MOST_STEPS) before.shift();
    after.length = 0;
  }
  state = next;
  try {
    localStorage.setItem(PLACE, JSON.stringify(state));
  } catch { /* the browser keeps nothing; the page goes on */ }
  for (const listener of listeners) listener(state);
}

/** The cuts: each with its key, its video, its frames from `first` to `end`, exclusive, and its caption. */
export const cuts = () => state.cuts;
export const title = () => state.title;
export const entitle = (text) => become({ ...state, title: text }, { step: false });

/** Call `listener` now and whenever something has changed; gives back a function that ends it. */
export function changed(listener) {
  listeners.add(listener);
  listener(state);
  return () => listeners.delete(listener);
}

/** Put a span of a video at the end; its key. */
export function add(video, start_s, end_s, caption) {
  const first = boundary(video, start_s), end = Math.max(boundary(video, end_s), first + 1);
  const { shots, tasks, captioned, ...about } = video;
  const cut = { key: state.next, video: about, first, end, caption };
  become({ ...state, cuts: [...state.cuts, cut], next: state.next + 1 });
  return cut.key;
}

export const remove = (key) => become({ ...state, cuts: state.cuts.filter((cut) => cut.key !== key) });
export const clear = () => become({ ...state, cuts: [] });

/** Have a cut stand at a place, from 0. */
export function move(key, place) {
  const cut = state.cuts.find((one) => one.key === key);
  const others = state.cuts.filter((one) => one !== cut);
  const to = Math.min(Math.max(place, 0), others.length);
  if (!cut || state.cuts.indexOf(cut) === to) return;
  become({ ...state, cuts: [...others.slice(0, to), cut, ...others.slice(to)] });
}

/** Have a cut begin and end at other frames, within its video, one frame long at least. */
export function trim(key, first, end) {
  become({ ...state, cuts: state.cuts.map((cut) => {
    if (cut.key !== key) return cut;
    const last = boundary(cut.video, cut.video.duration_s);
    const from = Math.min(Math.max(Math.round(first), 0), last - 1);
    return { ...cut, first: from, end: Math.min(Math.max(Math.round(end), from + 1), last) };
  }) });
}

export const canUndo = () => before.length > 0;
export const canRedo = () => after.length > 0;
export function undo() {
  if (!before.length) return;
  after.push(state);
  become(before.pop(), { step: false });
}
export function redo() {
  if (!after.length) return;
  before.push(state);
  become(after.pop(), { step: false });
}

/** A cut's length, seconds. */
export const length_s = (cut) => timeOf(cut.video, cut.end - cut.first);

/** The film as the server takes it. */
export const film = () => ({
  title: state.title || "Film",
  cuts: state.cuts.map((cut) => ({
    video: cut.video.id, start_s: timeOf(cut.video, cut.first), end_s: timeOf(cut.video, cut.end), caption: cut.caption,
  })),
});
