/** The verdict on a model as a sentence in the reader's language, where the numbers allow one. */
import type { FitView } from '../../generated/api';
import { fmt, t } from '../../i18n/index.svelte';

export function fitSentence(fit: FitView): string {
  if (fit.level === 'unknown' || fit.needs_bytes === null) return fit.sentence;
  const needs = fmt.bytes(fit.needs_bytes);
  const has = fmt.bytes(fit.has_bytes);
  if (fit.level === 'will_not_fit') return t('models.fit.sentence.will_not_fit', { needs, has });
  if (fit.tokens_per_s === null) return t('models.fit.sentence.size_only', { needs, has });
  const speed = fmt.number(fit.tokens_per_s, { maximumFractionDigits: fit.tokens_per_s < 10 ? 1 : 0 });
  return t(`models.fit.sentence.${fit.level}`, { needs, has, speed });
}
