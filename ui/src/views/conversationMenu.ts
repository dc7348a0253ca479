/** What can be done with a conversation, for its row and for its head. */
import { t } from '../i18n/index.svelte';
import type { App } from '../state/app.svelte';
import type { MenuItem } from '../state/ui.svelte';

interface Subject {
  id: string;
  title: string;
  pinned: boolean;
}

export function conversationMenu(app: App, one: Subject, at: { rename: () => void }): MenuItem[] {
  return [
    { label: t('conversation.rename'), run: at.rename },
    {
      label: one.pinned ? t('conversation.unpin') : t('conversation.pin'),
      run: () => void app.ask('pin', { conversation: one.id, pinned: !one.pinned }),
    },
    {
      label: t('conversation.export_markdown'),
      run: () => void app.export(one.id, 'markdown'),
      apart: true,
    },
    { label: t('conversation.export_json'), run: () => void app.export(one.id, 'json') },
    {
      label: t('conversation.delete'),
      run: () => void app.delete(one.id, one.title),
      danger: true,
      apart: true,
    },
  ];
}

/** Asks for an exported file and reads it in. */
export function importFile(app: App): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = '.json,application/json';
  input.onchange = async () => {
    const file = input.files?.[0];
    if (file) await app.import(await file.text());
  };
  input.click();
}
