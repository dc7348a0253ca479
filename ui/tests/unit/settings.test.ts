import { expect, test } from 'vitest';
import { remedyFor } from '../../src/state/errors';
import { resolveMotion, resolveTheme, textScale } from '../../src/state/appearance';
import { parse, SETTINGS, show } from '../../src/state/settings';

const kind = (path: string) => SETTINGS.find((one) => one.path === path)!.kind;

test.each([
  ['model.temperature', '0.7', 0.7],
  ['model.temperature', '0,7', 0.7],
  ['model.temperature', '2.1', undefined],
  ['model.temperature', '', undefined],
  ['model.temperature', 'warm', undefined],
  ['model.top_k', '40', 40],
  ['model.top_k', '4.5', undefined],
  ['model.seed', '', null],
  ['model.seed', '7', 7],
  ['model.context_tokens', '100', undefined],
  ['models.folder', ' /data ', '/data'],
  ['models.folder', '', null],
  ['model.system_prompt', '  as typed ', '  as typed '],
])('%s typed as “%s” is %j', (path, text, value) => {
  expect(parse(kind(path), text)).toBe(value);
});

test('what is shown reads back as the same', () => {
  expect(show(0.1 + 0.2)).toBe('0.3');
  expect(show(8192)).toBe('8192');
  expect(show(null)).toBe('');
});

test.each([
  [100, 1],
  [150, 1.5],
  [500, 3],
  [undefined, 1],
  ['large', 1],
])('a text size of %s scales by %d', (size, scale) => {
  expect(textScale(size)).toBe(scale);
});

test('theme and motion follow the setting, then the system', () => {
  expect(resolveTheme('dark', false)).toBe('dark');
  expect(resolveTheme('system', true)).toBe('dark');
  expect(resolveTheme('system', false)).toBe('light');
  expect(resolveMotion('on', false)).toBe('reduced');
  expect(resolveMotion('off', true)).toBe('full');
  expect(resolveMotion('system', true)).toBe('reduced');
});

test('an unknown code offers nothing rather than something wrong', () => {
  expect(remedyFor('no_model')).toBe('choose_model');
  expect(remedyFor('engine_degraded')).toBe('restart');
  expect(remedyFor('something_new' as never)).toBeNull();
});
