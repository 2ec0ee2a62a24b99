import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { comparisonPage } from '#dist/cli/html/comparison-page';
import { DrawingDocument } from '#dist/cli/html/document';
import { apart } from '#dist/cli/html/labels';
import { measurementPage } from '#dist/cli/html/measurement-page';
import { labelled } from '#dist/cli/report/comparison';
import { large, measurementOf, onNode24, small } from '../measure/helpers/measurements.js';

const evil = { ...large, title: '<script>alert("1")</script> & more' };
const measurement = measurementOf(small, large);
const pages = {
  measurement: measurementPage(measurement),
  comparison: comparisonPage(labelled([measurement, onNode24(measurement)], ['a', 'b'])),
};

for (const [name, page] of Object.entries(pages)) {
  test(`the page of a ${name} stands alone: no script, nothing from elsewhere`, (t) => {
    t.false(/<script|<link|<img|@import|url\(|\ssrc=|\shref=/.test(page));
    t.deepEqual(
      [...page.matchAll(/https?:\/\/[^"'\s<]+/g)].filter(([url]) => url !== 'http://www.w3.org/2000/svg'),
      [],
    );
  });

  test(`the page of a ${name} has every plot for a desk and for a phone`, (t) => {
    const [wide, narrow] = ['wide', 'narrow'].map((width) => page.split(`<div class="${width}"><svg`).length - 1);
    t.true(wide !== undefined && wide > 0 && wide === narrow, `${wide} ${narrow}`);
    t.false(/NaN|undefined|Infinity/.test(page));
  });
}

test('time, life, payers and together are drawn, and the question is answered', (t) => {
  const captions = [...pages.measurement.matchAll(/<figcaption>([^<]*)/g)].map(([, caption = '']) => caption);
  t.deepEqual(captions, [
    'records: time until the child can use the data, against the size of the data when it is serialized',
    `${large.title}: memory that the child has for itself, from its start until it has written all of the data`,
    `${large.title}: who pays, in ms of CPU time until the data is usable; the mark is how long the parent was blocked`,
    `${large.title}: memory that 4 children take that have all read the data, in MB (PSS; what the parent had is not in it)`,
  ]);
  t.regex(pages.measurement, /<p class="answer">Inheriting [^]*<p class="answer">Serializing /);
});

test('what data is called is text and nothing else', (t) => {
  const page = measurementPage(measurementOf(evil));
  t.false(page.includes('<script'));
  t.true(page.includes('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more'));
});

test('labels keep their order, and the distance of a line of text', (t) => {
  const axis = { domain: [0, 100], isLog: false, pixels: 100 } as const;
  t.deepEqual(apart([50, 10, 90], axis), [50, 10, 90]);
  t.deepEqual(apart([50, 51, 49], axis), [62, 75, 49]);
  const [low = 0, high = 0] = apart([99, 100], axis);
  t.deepEqual([low, high], [87, 100]);
  const [small = 0, large = 0] = apart([10, 11], { domain: [1, 100], isLog: true, pixels: 100 });
  t.true(large / small > 1.5, `${small} ${large}`);
});

test('the DOM that plots are drawn with writes what was put into it', (t) => {
  const document = new DrawingDocument();
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const [first, second] = ['a', 'b'].map((name) => document.createElementNS('http://www.w3.org/2000/svg', name));
  if (!first || !second) throw new Error('unreachable');
  svg.appendChild(second);
  svg.insertBefore(first, second);
  first.setAttribute('title', '"<&>"');
  first.textContent = '1 < 2';
  second.style.setProperty('fill', 'red');
  t.is(svg.outerHTML, '<svg><a title="&quot;&lt;&amp;&gt;&quot;">1 &lt; 2</a><b style="fill:red"/></svg>');
  t.is(svg.cloneNode().outerHTML, svg.outerHTML);
  second.remove();
  t.is(first.nextSibling, null);
});

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => process.platform !== 'win32' && spawnSync('which', [name]).status === 0,
);
const inBrowser = browser === undefined ? test.skip : test;

inBrowser('in Chromium every plot has a size, and a phone is not scrolled sideways', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zygote-html-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  for (const [name, page] of Object.entries(pages)) {
    const srcdoc = page.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    // A window cannot be as narrow as a phone; a frame can.
    const frames = [360, 1000].map(
      (width) => `<iframe style="width:${width}px;height:800px" srcdoc="${srcdoc}"></iframe>`,
    );
    const look = `onload = () => { document.body.textContent = JSON.stringify([...document.querySelectorAll('iframe')].map((frame) => {
      const { documentElement } = frame.contentDocument;
      const drawn = [...documentElement.querySelectorAll('svg')].map((svg) => svg.getBoundingClientRect().width).filter((width) => width > 0);
      return { width: frame.contentWindow.innerWidth, needed: documentElement.scrollWidth, drawn: drawn.length, narrowest: Math.min(...drawn) };
    })); };`;
    const file = join(folder, `${name}.html`);
    writeFileSync(file, `<!doctype html><body>${frames.join('')}<script>${look}</script>`);
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`];
    const dom = execFileSync(browser as string, [...flags, '--dump-dom', `file://${file}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const seen = JSON.parse(/<body>(\[.*\])/.exec(dom)?.[1] ?? '[]') as Record<string, number>[];
    const plots = page.split('<figure>').length - 1;
    t.is(seen.length, 2, dom.slice(0, 300));
    for (const { width = 0, needed = 0, drawn, narrowest = 0 } of seen) {
      t.true(needed <= width, `${name}: ${needed} pixels in ${width}`);
      t.is(drawn, plots);
      t.true(narrowest > 300, `${name}: ${narrowest}`);
    }
  }
});
