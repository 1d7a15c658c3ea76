// The page's parts, shown by what the address says after its #.

import { h, say } from "./dom.js";
import * as bin from "./bin.js";

const PAGES = {
  search: () => import("./search.js"),
  video: () => import("./video.js"),
  film: () => import("./film.js"),
  library: () => import("./library.js"),
};
const main = document.getElementById("main");
let leaving, leave;

/** What the address says: the page, what it is about, and more. */
function asked() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", about = ""] = path.split("/");
  return { page: PAGES[page] ? page : "search", about: decodeURIComponent(about), more: new URLSearchParams(query) };
}

async function show() {
  leaving?.abort();
  leave?.();
  leave = undefined;
  const now = (leaving = new AbortController());
  const { page, about, more } = asked();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    const made = await (await PAGES[page]()).page(about, more, now.signal);
    if (now.signal.aborted) return made.leave?.();
    leave = made.leave;
    document.title = `${made.title} - Atom Studio`;
    main.replaceChildren(...made.parts);
    main.dataset.page = page;
    if (show.before) main.querySelector("h1")?.focus();
    show.before = true;
    made.shown?.();
  } catch (error) {
    if (error.name === "AbortError" || now.signal.aborted) return;
    main.replaceChildren(h("h1", { tabindex: "-1" }, "That did not work"), h("p", { class: "wrong" }, error.message));
    say(error.message, { wrong: true });
  }
}

bin.changed(() => {
  document.getElementById("num-cuts").textContent = bin.cuts().length;
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", show);
show();
