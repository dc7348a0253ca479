/** Which conversation is open is kept in the address, so that a reload shows it again. */

export function currentConversation(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get('c');
}

export function rememberConversation(id: string | null): void {
  const hash = new URLSearchParams(location.hash.slice(1));
  if (id === null) hash.delete('c');
  else hash.set('c', id);
  const rest = hash.toString();
  history.replaceState(null, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
}
