// A video's page: its player, its shots on a timeline, what is shown and said in them, and questions about it.

import { button, h, say, trying } from "./dom.js";
import { get, media, picture, results } from "./api.js";
import { boundary, clock, follow, frameAt, numFrames, showAt, timeOf } from "./time.js";
import { asking } from "./ask.js";
import * as bin from "./bin.js";

const MOST_DESCRIBED = 60;

/** The page of one video, at the time that the address says. */
export async function page(id, more, signal) {
  const video = await get(`/studio/videos/${encodeURIComponent(id)}`, signal);
  const view = new View(video, signal);
  const start_s = Number(more.get("t") ?? 0) || 0;
  if (more.has("end")) view.mark(boundary(video, start_s), boundary(video, Number(more.get("end")) || 0));
  return { title: video.name, parts: view.parts(), shown: () => view.begin(start_s), leave: () => view.leave() };
}

class View {
  constructor(video, signal) {
    this.video = video;
    this.signal = signal;
    this.captions = video.shots.map(() => "");
    this.player = h("video", { src: media(video.id), controls: true, playsinline: true, preload: "auto", id: "player", "aria-label": video.name });
    this.player.addEventListener("error", () => say("The browser cannot play this file. Its pictures, words and cuts can be used all the same.", { wrong: true }));
    this.now = h("output", { id: "now" });
    this.marked = h("output", { id: "marked" });
    this.head = h("div", { class: "head", "aria-hidden": "true" });
    this.range = h("div", { class: "range", "aria-hidden": "true", hidden: true });
    this.listed = video.shots.map((shot, index) => this.shotLine(shot, index));
    this.strip = video.shots.map((shot, index) => this.shotButton(shot, index));
    this.words = h("ol", { class: "lines", id: "words" });
    this.lane = h("div", { class: "lane", "aria-hidden": "true" });
    this.mark(0, numFrames(video));
    this.keys = (event) => this.key(event);
  }

  parts() {
    const { video } = this;
    const step = (text, label, by) => button(text, () => this.step(by), { "aria-label": label, title: label });
    const seconds = `${clock(video.duration_s)}, ${video.width} x ${video.height}, ${(video.rate[0] / video.rate[1]).toFixed(2)} frames per second`;
    return [
      h("h1", { tabindex: "-1" }, h("bdi", {}, video.name)),
      h("p", { class: "where" }, seconds, ". ", h("a", { href: `#/search?video=${encodeURIComponent(video.id)}` }, "Search in it")),
      video.fault && h("p", { class: "weak" }, video.fault),
      h("div", { class: "watch" },
        h("div", { class: "stage" }, this.player,
          h("div", { class: "tools", role: "group", "aria-label": "Frames" },
            step("\u2212 1 s", "A second back", -Math.round(1 / timeOf(video, 1))), step("\u2212 1", "A frame back (,)", -1), step("+ 1", "A frame on (.)", 1),
            step("+ 1 s", "A second on", Math.round(1 / timeOf(video, 1))), this.now),
          h("div", { class: "tools", role: "group", "aria-label": "Moment" },
            button("Begin here", () => this.markIn(), { title: "i" }), button("End here", () => this.markOut(), { title: "o" }), this.marked,
            button("Add to film", () => this.add(), { class: "main", id: "add", title: "a" })),
          h("p", { class: "hint" }, "Keys: space plays, comma and full stop go by frames, i and o mark a moment, a adds it."),
          h("div", { class: "timeline", role: "group", "aria-label": "Shots" }, h("div", { class: "strip" }, this.strip), this.lane, this.range, this.head)),
        h("section", { "aria-label": "Question" }, asking(video, (time_s) => this.shotAt(time_s), () => this.time_s(), (time_s) => this.go(time_s), this.signal))),
      h("div", { class: "columns" },
        h("section", {}, h("h2", {}, `${video.shots.length} shots`), h("ol", { class: "lines", id: "shots" }, this.listed), this.moreCaptions = button("Describe more shots", trying(() => this.describe()), { hidden: true })),
        video.tasks.includes("transcribe") && video.has_audio && h("section", {}, h("h2", {}, "What is said"), this.words,
          this.hear = button("Write down what is said", trying(() => this.transcribe())))),
    ].filter(Boolean);
  }

  begin(start_s) {
    document.addEventListener("keydown", this.keys);
    this.stop = follow(this.player, this.video, (time_s) => this.seen(time_s));
    this.at(start_s);
    const show = () => this.go(this.time_s());
    if (this.player.readyState >= 1) show();
    else this.player.addEventListener("loadedmetadata", show, { once: true });
    trying(() => this.describe())();
  }

  leave() {
    document.removeEventListener("keydown", this.keys);
    this.stop?.();
    this.player.removeAttribute("src");
    this.player.load();
  }

  /** The picture at a time is shown. */
  at(time_s) {
    this.frame = Math.min(Math.max(frameAt(this.video, time_s), 0), numFrames(this.video) - 1);
    this.now.value = `${clock(time_s)}, frame ${this.frame}`;
    this.now.dataset.frame = this.frame;
    this.head.style.left = `${100 * Math.min(time_s / this.video.duration_s, 1)}%`;
    const index = this.shotAt(time_s);
    if (index === this.index) return;
    for (const [list, which] of [[this.strip, "true"], [this.listed, "true"]]) {
      list[this.index]?.removeAttribute("aria-current");
      list[index]?.setAttribute("aria-current", which);
    }
    if (!this.strip.includes(document.activeElement)) this.roam(index);
    this.index = index;
  }

  time_s() { return timeOf(this.video, this.frame); }

  shotAt(time_s) {
    const found = this.video.shots.findIndex((shot) => time_s < shot.end_s - 1e-4);
    return found < 0 ? this.video.shots.length - 1 : found;
  }

  go(time_s) {
    showAt(this.player, this.video, time_s);
    this.sent_s = this.player.currentTime;
    this.at(time_s);
  }

  /** The player tells what it shows. A picture of before, told late, takes nobody back from where the player was sent. */
  seen(time_s) {
    const asSent = this.player.paused && this.player.currentTime === (this.sent_s ?? 0);
    if (!asSent || frameAt(this.video, time_s) === this.frame) this.at(time_s);
  }

  step(by) {
    this.player.pause();
    const frame = Math.min(Math.max(this.frame + by, 0), numFrames(this.video) - 1);
    this.go(timeOf(this.video, frame));
  }

  mark(first, end) {
    [this.first, this.end] = [first, Math.max(end, first + 1)];
    this.marked.value = `${clock(timeOf(this.video, this.first))} to ${clock(timeOf(this.video, this.end))}, ${this.end - this.first} frames`;
    this.range.hidden = this.first === 0 && this.end === numFrames(this.video);
    this.range.style.left = `${100 * this.first / numFrames(this.video)}%`;
    this.range.style.width = `${100 * (this.end - this.first) / numFrames(this.video)}%`;
  }

  markIn() { this.mark(this.frame, this.end > this.frame ? this.end : numFrames(this.video)); }

  markOut() { this.mark(this.first <= this.frame ? this.first : 0, this.frame + 1); }

  add() {
    const caption = this.captions[this.shotAt(timeOf(this.video, (this.first + this.end) / 2))] ?? "";
    bin.add(this.video, timeOf(this.video, this.first), timeOf(this.video, this.end), caption);
    say(`Added to the film: ${bin.cuts().length} in all`);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const onButton = /^(BUTTON|A|VIDEO|SUMMARY)$/.test(event.target.tagName);
    const act = {
      ",": () => this.step(-1), ".": () => this.step(1), i: () => this.markIn(), o: () => this.markOut(), a: () => this.add(),
      " ": onButton ? undefined : () => (this.player.paused ? this.player.play() : this.player.pause()),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  shotButton(shot, index) {
    const { video } = this;
    const share = (shot.end_s - shot.start_s) / video.duration_s;
    const made = button("", () => this.chooseShot(index), {
      class: "shot", tabindex: index ? "-1" : "0", "data-shot": index, "aria-label": `Shot ${index + 1}, ${clock(shot.start_s)}`,
      onkeydown: (event) => {
        const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: video.shots.length - 1 }[event.key];
        if (to === undefined || !this.strip[to]) return;
        event.preventDefault();
        this.roam(to).focus();
        this.chooseShot(to);
      },
    });
    made.style.left = `${100 * shot.start_s / video.duration_s}%`;
    made.style.width = `${100 * share}%`;
    if (share > 0.025) made.append(h("img", { src: picture(video.id, (shot.start_s + shot.end_s) / 2, 90), alt: "", loading: "lazy" }));
    return made;
  }

  /** One shot of the timeline can be reached by Tab; the others from it by arrows. */
  roam(index) {
    for (const one of this.strip) if (one.tabIndex === 0) one.tabIndex = -1;
    this.strip[index].tabIndex = 0;
    return this.strip[index];
  }

  chooseShot(index) {
    const shot = this.video.shots[index];
    this.mark(boundary(this.video, shot.start_s), boundary(this.video, shot.end_s));
    this.go(timeOf(this.video, this.first));
  }

  shotLine(shot, index) {
    return h("li", { "data-shot": index }, button(clock(shot.start_s), () => this.chooseShot(index), { class: "time", "aria-label": `Shot ${index + 1}, at ${clock(shot.start_s)}` }), " ", h("span", { class: "text" }));
  }

  /** Captions of the next shots, as they come. */
  async describe() {
    const { video } = this;
    const from = this.described ?? 0;
    const clips = video.shots.slice(from, from + MOST_DESCRIBED).map((shot, index) => ({ video: `library:${video.id}`, ...shot, index: from + index }));
    if (!clips.length) return;
    this.described = from + clips.length;
    let index = from;
    for await (const found of results("caption", clips, this.signal, video.captioned)) {
      if (found.name !== "result") continue;
      this.captions[index] = found.result.text;
      this.listed[index].querySelector(".text").textContent = found.result.text;
      const label = `Shot ${index + 1}, ${clock(video.shots[index].start_s)}: ${found.result.text}`;
      this.strip[index].setAttribute("aria-label", label);
      this.strip[index].title = label;
      index += 1;
    }
    this.moreCaptions.hidden = this.described >= video.shots.length;
  }

  /** What is said, with its times. */
  async transcribe() {
    const { video } = this;
    this.hear.disabled = true;
    this.hear.textContent = "Listening";
    try {
      for await (const found of results("transcribe", [`library:${video.id}`], this.signal)) {
        if (found.name === "progress") this.hear.textContent = `Listening, ${found.done} of ${found.total}`;
        else this.said(found.result);
      }
      this.hear.remove();
    } catch (error) {
      this.hear.disabled = false;
      this.hear.textContent = "Write down what is said";
      throw error;
    }
  }

  said(utterances) {
    const { video } = this;
    if (!utterances.length) this.words.replaceChildren(h("li", {}, "Nothing is said."));
    for (const one of utterances) {
      this.words.append(h("li", {}, button(clock(one.start_s), () => {
        this.mark(boundary(video, one.start_s), boundary(video, one.end_s));
        this.go(one.start_s);
      }, { class: "time", "aria-label": `At ${clock(one.start_s)}` }), " ", h("span", { class: "text" }, one.text)));
      const tick = h("span", { class: "said" });
      tick.style.left = `${100 * one.start_s / video.duration_s}%`;
      tick.style.width = `${100 * (one.end_s - one.start_s) / video.duration_s}%`;
      this.lane.append(tick);
    }
  }
}

