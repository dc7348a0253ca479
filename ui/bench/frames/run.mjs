/**
 * `npm run bench:frames -- [--json] [--tokens N] [--rates 80,400]`: frame times while a long reply streams into a
 * conversation of 40 messages, against the same parts used naively. CHROMIUM names another browser.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { servePage } from './serve.mjs';

const { values: args } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    tokens: { type: 'string', default: '5000' },
    rates: { type: 'string', default: '80,400' },
  },
});
const tokens = Number(args.tokens);
const rates = args.rates.split(',').map(Number);
const EARLIER = 40;

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

const round = (value) => Math.round(value * 100) / 100;

async function counters(cdp) {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map((m) => [m.name, m.value]));
}

async function measure(page, cdp, way, rate) {
  const before = await counters(cdp);
  const recording = await page.evaluate(
    ([w, r, n]) => window.bench.stream(w, r, n),
    /** @type {const} */ ([way, rate, tokens]),
  );
  const after = await counters(cdp);
  const delta = (name) => after[name] - before[name];
  return {
    p95: quantile(recording.frames, 0.95),
    median: quantile(recording.frames, 0.5),
    worst: Math.max(...recording.frames),
    frames: recording.frames.length,
    late: recording.frames.filter((f) => f > 25).length,
    longTasks: recording.longTasks.length,
    seconds: recording.elapsed / 1000,
    layouts: delta('LayoutCount'),
    layoutMs: delta('LayoutDuration') * 1000,
    styleMs: delta('RecalcStyleDuration') * 1000,
    scriptMs: delta('ScriptDuration') * 1000,
  };
}

const site = await servePage();
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium' });
const results = [];
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  await page.goto(site.url);
  await page.waitForFunction(() => 'bench' in window);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const filled = await page.evaluate((n) => window.bench.fill(n), EARLIER);
  const idle = await page.evaluate(() => window.bench.idle(300));
  const machine = `${cpus().length} cores, Chromium ${browser.version()} headless`;

  const conditions = (m, rate, way) => ({
    way,
    tokens,
    tokens_per_s: rate,
    earlier_messages: EARLIER,
    machine,
    idle_p95_ms: round(quantile(idle, 0.95)),
    idle_worst_ms: round(Math.max(...idle)),
    median_ms: round(m.median),
    worst_ms: round(m.worst),
    late_frames: m.late,
    long_tasks: m.longTasks,
    seconds: round(m.seconds),
    layouts_per_frame: round(m.layouts / m.frames),
    layout_ms_per_frame: round(m.layoutMs / m.frames),
    style_ms_per_frame: round(m.styleMs / m.frames),
    script_ms_per_frame: round(m.scriptMs / m.frames),
  });

  let p95 = 0;
  for (const rate of rates) {
    const m = await measure(page, cdp, 'component', rate);
    p95 = m.p95;
    results.push({
      name: 'ui.frame_p95_ms',
      value: round(m.p95),
      unit: 'ms',
      samples: m.frames,
      conditions: conditions(m, rate, 'component'),
    });
  }
  const rate = rates.at(-1);
  const m = await measure(page, cdp, 'naive', rate);
  results.push({
    name: 'ui.frame_naive_ratio',
    value: round(m.p95 / p95),
    unit: 'x',
    samples: m.frames,
    conditions: { ...conditions(m, rate, 'naive'), naive_p95_ms: round(m.p95) },
  });
  results.push({
    name: 'ui.messages_mount_ms',
    value: round(filled),
    unit: 'ms',
    samples: EARLIER,
    conditions: { messages: EARLIER, machine },
  });
} finally {
  await browser.close();
  await site.close();
}

if (args.json) console.log(JSON.stringify(results, null, 2));
else
  for (const { name, value, unit, samples, conditions } of results)
    console.log(`${name} ${value} ${unit} (${samples} samples; ${JSON.stringify(conditions)})`);
