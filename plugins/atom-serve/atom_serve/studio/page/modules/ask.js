// Questions about a video, or about the shot that is shown: answers come as they are made.

import { button, field, h, trying } from "./dom.js";
import { events, results } from "./api.js";
import { clock } from "./time.js";

/** The box to ask in. `shotAt` and `now` tell which shot is shown, `go` shows the picture at a time. */
export function asking(video, shotAt, now, go, signal) {
  const question = h("textarea", { name: "question", id: "question", rows: 2, required: true, maxlength: 2000, placeholder: "What happens?" });
  const scope = h("select", { name: "scope" }, h("option", { value: "video" }, "The whole video"), h("option", { value: "shot" }, "The shot that is shown"));
  const answer = h("div", { id: "answer", role: "log", "aria-live": "polite", "aria-label": "Answer", tabindex: "0" });
  const send = h("button", { type: "submit", class: "main" }, "Ask");
  let asked;
  const stop = button("Stop", () => asked?.abort(), { hidden: true });

  const ask = trying(async () => {
    const text = question.value.trim();
    if (!text) return;
    asked?.abort();
    const mine = (asked = new AbortController());
    const either = AbortSignal.any([mine.signal, signal]);
    const said = h("p", { class: "answer" }), notes = h("p", { class: "where" }, "Thinking");
    answer.replaceChildren(h("p", { class: "question" }, text), said, notes);
    stop.hidden = false;
    try {
      if (scope.value === "shot") await ofShot(video, video.shots[shotAt(now())], text, said, notes, either);
      else await ofVideo(video, text, said, notes, go, either);
    } catch (error) {
      notes.textContent = error.name === "AbortError" ? "Stopped." : "";
      throw error;
    } finally {
      if (asked === mine) stop.hidden = true;
    }
  });
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    ask();
  });
  return h("form", { class: "ask", onsubmit: (event) => { event.preventDefault(); ask(); } },
    h("h2", {}, "Ask"), field("Question", question), field("About", scope), h("div", { class: "tools" }, send, stop), answer);
}

/** The whole video: the answer with the times that support it. */
async function ofVideo(video, text, said, notes, go, signal) {
  for await (const found of results("answer", [{ video: `library:${video.id}`, text }], signal)) {
    if (found.name === "progress") {
      notes.textContent = `Looking, ${found.done} of ${found.total}`;
      continue;
    }
    const { result } = found;
    said.textContent = result.text || "Nothing is said to that.";
    const times = result.evidence.slice(0, 12).map((span) => button(`${clock(span.start_s)} to ${clock(span.end_s)}`, () => go(span.start_s), { class: "time" }));
    const sure = typeof result.confidence === "number" ? `${Math.round(100 * result.confidence)} % sure. ` : "";
    notes.replaceChildren(sure, ...(times.length ? ["Seen at ", ...times.flatMap((one) => [one, " "])] : []));
    return;
  }
}

/** One shot: the model's own words, one by one. */
async function ofShot(video, shot, text, said, notes, signal) {
  const url = `library:${video.id}#t=${shot.start_s},${shot.end_s}`;
  const content = [{ type: "video_url", video_url: { url } }, { type: "text", text }];
  const body = { model: "atom", stream: true, messages: [{ role: "user", content }], max_tokens: 200 };
  for await (const { value } of events("/v1/chat/completions", body, signal)) {
    if (value.error) throw new Error(value.error.message);
    said.append(value.choices[0]?.delta.content ?? "");
  }
  notes.textContent = `Of the shot from ${clock(shot.start_s)} to ${clock(shot.end_s)}.`;
}
