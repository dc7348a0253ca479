/** Where a menu opens: under its button, or at the pointer. */
import type { MenuItem, Ui } from '../../state/ui.svelte';

export function openMenu(
  ui: Ui,
  event: MouseEvent,
  items: MenuItem[],
  anchor: HTMLElement | null = null,
): void {
  event.preventDefault();
  const button = event.currentTarget instanceof HTMLElement ? event.currentTarget : null;
  // A context menu asked for by key has no pointer: it opens at the element.
  const byPointer = event.type === 'contextmenu' && (event.clientX !== 0 || event.clientY !== 0);
  const box = button?.getBoundingClientRect();
  ui.menu = {
    items,
    x: byPointer || !box ? event.clientX : box.left,
    y: byPointer || !box ? event.clientY : box.bottom + 4,
    anchor: anchor ?? button,
  };
}
