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

const BEYOND = { ArrowDown: Node.DOCUMENT_POSITION_FOLLOWING, ArrowUp: Node.DOCUMENT_POSITION_PRECEDING };

/** With the arrows from one button of a list to the next; said twice, it is the same. */
export function walkByArrows(list) {
  list.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...list.querySelectorAll("button")].filter((button) => button.checkVisibility());
    const from = document.activeElement;
    const isBeyond = (button) => from.compareDocumentPosition(button) & BEYOND[event.key];
    const next = buttons.includes(from)
      ? buttons[buttons.indexOf(from) + step]
      : step > 0 ? buttons.find(isBeyond) : buttons.findLast(isBeyond);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
}
