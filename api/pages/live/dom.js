// Elements, made so that what comes from outside is text and never markup.

/** An element with its attributes, and its children: elements or texts. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** With the arrows from one button of a list to the next. */
export function walkByArrows(list) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...list.querySelectorAll("button")].filter((button) => button.offsetParent);
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[at < 0 ? 0 : at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
