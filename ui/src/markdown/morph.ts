/**
 * Changes a live element into the likeness of a fresh one with as few touches as it can: text that only grew is
 * appended to, equal parts stay as they are, and with them the selection and the scroll position.
 */

function sameShape(a: Node, b: Node): boolean {
  if (a.nodeType !== b.nodeType || a.nodeName !== b.nodeName) return false;
  if (!(a instanceof Element && b instanceof Element)) return true;
  return a.getAttribute('data-k') === b.getAttribute('data-k');
}

function morphText(live: CharacterData, fresh: CharacterData): void {
  if (live.data === fresh.data) return;
  if (fresh.data.startsWith(live.data)) live.appendData(fresh.data.slice(live.data.length));
  else live.data = fresh.data;
}

function morphAttributes(live: Element, fresh: Element): void {
  for (const { name, value } of fresh.attributes)
    if (live.getAttribute(name) !== value) live.setAttribute(name, value);
  if (live.attributes.length === fresh.attributes.length || fresh.hasAttribute('data-k')) return;
  for (const name of live.getAttributeNames()) if (!fresh.hasAttribute(name)) live.removeAttribute(name);
}

/** Makes `live`'s children like `fresh`'s, which is used up. Elements with `data-k` (widgets) keep their own insides. */
export function morphChildren(live: Node, fresh: Node): void {
  let old = live.firstChild;
  let next = fresh.firstChild;
  while (next) {
    const following = next.nextSibling;
    if (!old) live.appendChild(next);
    else {
      const after: ChildNode | null = old.nextSibling;
      if (!sameShape(old, next)) live.replaceChild(next, old);
      else if (old instanceof Element) {
        morphAttributes(old, next as Element);
        if (!old.hasAttribute('data-k')) morphChildren(old, next);
      } else morphText(old as CharacterData, next as CharacterData);
      old = after;
    }
    next = following;
  }
  while (old) {
    const after: ChildNode | null = old.nextSibling;
    live.removeChild(old);
    old = after;
  }
}
