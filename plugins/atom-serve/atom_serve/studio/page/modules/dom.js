// Elements, made of text and of attributes that can run nothing: whatever a caption or a file is called stays text.

const ATTRIBUTES = new Set(["alt", "class", "controls", "datetime", "disabled", "download", "draggable", "for", "height", "hidden", "href", "id",
  "list", "loading", "max", "maxlength", "min", "muted", "name", "open", "placeholder", "playsinline", "preload", "required", "role", "selected",
  "src", "step", "tabindex", "title", "type", "value", "width", "checked", "autocomplete", "rows"]);

/** An element. `about` has attributes, and `onclick` and such as functions; children are elements or texts. */
export function h(name, about = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(about ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on") && typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (key === "href" && !/^(#|\/(studio|v1)\/|blob:)/.test(value)) throw new Error(`no link of this page: ${value}`);
    else if (ATTRIBUTES.has(key) || key.startsWith("aria-") || key.startsWith("data-")) made.setAttribute(key, value === true ? "" : String(value));
    else throw new Error(`no attribute of this page: ${key}`);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

/** A button with a text, or with a sign and a name that is read out. */
export function button(text, onclick, about = {}) {
  return h("button", { type: "button", onclick, ...about }, text);
}

/** A labelled field. */
export function field(label, input, about = {}) {
  return h("label", { class: "field", ...about }, h("span", {}, label), input);
}

/** Tell people who cannot see that something has happened, and others for a while. */
export function say(text, { wrong = false } = {}) {
  const place = document.getElementById("said");
  place.replaceChildren(h("p", { class: wrong ? "wrong" : "" }, text));
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.replaceChildren(), wrong ? 12000 : 5000);
}

/** Do what a button asks for; what goes wrong is said. */
export function trying(work) {
  return async (...given) => {
    try {
      return await work(...given);
    } catch (error) {
      if (error.name !== "AbortError") say(error.message, { wrong: true });
    }
  };
}
