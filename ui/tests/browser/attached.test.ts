/** Files that go with messages: by button, paste and drop. */
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { answered, button, composer, limit, open, questions, real, say, violations } from './world';
import type { Page } from 'playwright-core';

const CRC = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = (CRC[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
  return out;
}

/** A PNG whose colour runs from left to right; `seed` makes it another one. */
function png(seed: number, width = 320, height = 200): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows.set([(x * 255) / width, (y * 255) / height, seed % 256], y * (width * 3 + 1) + 1 + x * 3);
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return Buffer.concat([
    magic,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const waiting = (page: Page) => page.getByRole('list', { name: 'Goes with the message' });
const went = (page: Page) => questions(page).last().getByRole('list', { name: 'Attached' });

async function choose(page: Page, ...files: { name: string; mimeType: string; buffer: Buffer }[]) {
  const chooser = page.waitForEvent('filechooser');
  await button(page, 'Attach files').click();
  await (await chooser).setFiles(files);
}

const plot = (seed = 40) => ({ name: 'plot.png', mimeType: 'image/png', buffer: png(seed) });
const code = { name: 'main.rs', mimeType: 'text/rust', buffer: Buffer.from('fn main() {}\n') };

/** Pastes or drops a file, as the browser would. */
async function give(page: Page, kind: 'paste' | 'drop', name: string, type: string, bytes: Buffer) {
  const data = [...bytes];
  await composer(page).evaluate(
    (field, { kind, name, type, data }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(data)], name, { type }));
      const event =
        kind === 'paste'
          ? new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true })
          : new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
      field.dispatchEvent(event);
    },
    { kind, name, type, data },
  );
}

describe('files', () => {
  test('are chosen, shown as chips, removed by keyboard', async () => {
    const page = await open();
    await choose(page, plot(), code);
    await waiting(page).getByText('main.rs').waitFor();
    await waiting(page).locator('img').waitFor();
    expect(await waiting(page).getByRole('listitem').count()).toBe(2);
    expect(await violations(page)).toEqual([]);
    await button(page, 'Remove plot.png').focus();
    await page.keyboard.press('Enter');
    expect(await waiting(page).getByRole('listitem').count()).toBe(1);
    await expect
      .poll(() => button(page, 'Remove main.rs').evaluate((one) => one === document.activeElement))
      .toBe(true);
    await page.keyboard.press('Enter');
    await waiting(page).waitFor({ state: 'detached' });
    await expect.poll(() => composer(page).evaluate((one) => one === document.activeElement)).toBe(true);
  });

  test('Backspace in an empty field takes back the last one', async () => {
    const page = await open();
    await choose(page, code);
    await waiting(page).getByText('main.rs').waitFor();
    await composer(page).press('x');
    await composer(page).press('Backspace');
    expect(await waiting(page).getByRole('listitem').count()).toBe(1);
    await composer(page).press('Backspace');
    await waiting(page).waitFor({ state: 'detached' });
  });

  test.each(['paste', 'drop'] as const)('come by %s', async (kind) => {
    const page = await open();
    await give(page, kind, 'seen.png', 'image/png', png(kind.length));
    await waiting(page).getByText('seen.png').waitFor();
    await waiting(page).locator('img').waitFor();
    await button(page, 'Remove seen.png').click();
  });

  test('go with the message and stay there', async () => {
    await limit(8);
    const page = await open();
    await choose(page, code);
    await waiting(page).getByText('main.rs').waitFor();
    await say(page, 'plain what is this?');
    await went(page).getByText('main.rs').waitFor();
    await waiting(page).waitFor({ state: 'detached' });
    await answered(page);
    if (!real) return;
    await page.reload();
    await went(page).getByText('main.rs').waitFor();
  });

  test('what cannot be read is refused with a sentence', async () => {
    const page = await open();
    const zip = Buffer.from('504b030414000000', 'hex');
    await choose(page, { name: 'all.zip', mimeType: 'application/zip', buffer: zip });
    await page.getByText('“all.zip” was not attached.').waitFor();
    await page.getByText(/cannot be read/).waitFor();
    expect(await waiting(page).count()).toBe(0);
    // Made in the page: so much takes long to get there.
    await composer(page).evaluate((field) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(33 << 20)], 'large.txt', { type: 'text/plain' }));
      field.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    });
    await page.getByText(/“large.txt” is larger than/).waitFor();
  });
});

describe.skipIf(real)('pictures, with the scripted model', () => {
  test('can be sent without a word, and be looked at afterwards', async () => {
    const page = await open();
    await choose(page, plot());
    await waiting(page).locator('img').waitFor();
    // The model here cannot see: that is said at once, with what to do.
    await page.getByText('This model cannot see pictures.').first().waitFor();
    await button(page, 'Send').click();
    await went(page).locator('img').waitFor();
    await answered(page);
    await button(went(page), 'Show plot.png').click();
    await page.getByRole('dialog', { name: 'plot.png' }).getByRole('img', { name: 'plot.png' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('wait in each conversation by themselves', async () => {
    const page = await open();
    await choose(page, code);
    await waiting(page).getByText('main.rs').waitFor();
    await page.locator('[data-row]').first().click();
    await waiting(page).waitFor({ state: 'detached' });
    await page.keyboard.press('Control+n');
    await waiting(page).getByText('main.rs').waitFor();
  });

  test('of a long document it is said how much goes along', async () => {
    const page = await open();
    await choose(page, { name: 'thesis.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') });
    await waiting(page).getByText('thesis.pdf').waitFor();
    await page.getByText('“thesis.pdf” has 500 pages. The first 200 go with the message.').waitFor();
  });

  test('removed from one conversation, a file still waits in another', async () => {
    const page = await open();
    await choose(page, code);
    await waiting(page).getByText('main.rs').waitFor();
    await page.locator('[data-row]').first().click();
    await waiting(page).waitFor({ state: 'detached' });
    await choose(page, code);
    await button(page, 'Remove main.rs').click();
    await page.keyboard.press('Control+n');
    await waiting(page).getByText('main.rs').waitFor();
    await say(page, 'plain what is this?');
    await went(page).getByText('main.rs').waitFor();
  });

  test('a question that is often asked is one click away, and may be changed', async () => {
    const page = await open();
    await choose(page, plot(3));
    await waiting(page).getByRole('listitem').first().waitFor();
    await button(page, 'Read this plot').click();
    expect(await composer(page).inputValue()).toContain('Name both axes with their units');
    await expect.poll(() => composer(page).evaluate((field) => field === document.activeElement)).toBe(true);
    await button(page, 'Read this plot').waitFor({ state: 'detached' });
    expect(await violations(page)).toEqual([]);
  });
});
