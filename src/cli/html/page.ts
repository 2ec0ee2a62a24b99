/** A page that stands alone: no script, no font, no image from elsewhere. */
import { escapeText } from './document.js';

export function pageOf(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}

export function paragraphs(texts: readonly string[], className = ''): string {
  const open = className === '' ? '<p>' : `<p class="${className}">`;
  return texts.map((text) => `${open}${escapeText(text)}</p>`).join('\n');
}

/** What the colours of the next figure mean. */
export function key(entries: readonly (readonly [variable: string, meaning: string])[]): string {
  const items = entries.map(
    ([variable, meaning]) => `<li><i style="background:var(--${variable})"></i>${escapeText(meaning)}</li>`,
  );
  return `<ul class="key">${items.join('')}</ul>`;
}

/** The first cell of each row is its head. A cell in an array of its own is a remark over all others. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (tag: string, text: string): string => `<${tag}>${escapeText(text)}</${tag}>`;
  const body = rows.map(([name = '', ...cells]) => {
    const isRemark = cells.length === 1 && head.length > 2;
    const others = isRemark
      ? `<td class="remark" colspan="${head.length - 1}">${escapeText(cells[0] ?? '')}</td>`
      : cells.map((text) => cell('td', text)).join('');
    return `<tr>${cell('th', name)}${others}</tr>`;
  });
  const heads = head.map((text) => cell('th', text)).join('');
  return `<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1c2128; --soft: #57606a; --rule: #d0d7de; --page: #ffffff; --raised: #f6f8fa;
  --inherited: #0b6e4f; --serialized: #c2410c; --shared: #2563eb; --python: #7c3aed;
  --parent: #c2410c; --child: #2563eb; --kernel: #8b949e;
  --file0: #0b6e4f; --file1: #c2410c; --file2: #2563eb; --file3: #7c3aed; --file4: #a16207; --file5: #be185d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --soft: #9da7b1; --rule: #30363d; --page: #0d1117; --raised: #161b22;
    --inherited: #3fb98a; --serialized: #f0883e; --shared: #6ca8ff; --python: #b392f0;
    --parent: #f0883e; --child: #6ca8ff; --kernel: #7d8590;
    --file0: #3fb98a; --file1: #f0883e; --file2: #6ca8ff; --file3: #b392f0; --file4: #d4a72c; --file5: #f778ba;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 900px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 1.25rem; margin: 40px 0 8px; padding-top: 16px; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 28px 0 4px; }
.about { color: var(--soft); font-size: 0.875rem; margin: 0 0 4px; }
.answer { font-size: 1.1rem; background: var(--raised); border-left: 4px solid var(--inherited); padding: 12px 16px; margin: 16px 0; }
.answer + .answer { border-left-color: var(--serialized); }
.warning { border: 1px solid var(--serialized); padding: 8px 12px; }
figure { margin: 8px 0 24px; }
figcaption { color: var(--soft); font-size: 0.875rem; margin-top: 4px; }
svg { color: var(--text); display: block; max-width: 100%; height: auto; font-variant-numeric: tabular-nums; }
.narrow { display: none; }
.key { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0; padding: 0; font-size: 0.875rem; }
.key i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: 4px 8px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
th:first-child, td.remark { text-align: left; font-weight: normal; }
td.remark { white-space: normal; color: var(--soft); }
thead th { vertical-align: bottom; white-space: normal; color: var(--soft); font-weight: normal; }
tbody th { position: sticky; left: 0; background: var(--page); }
dl { font-size: 0.875rem; display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 700px) {
  main { padding: 16px 12px 32px; }
  .wide { display: none; } .narrow { display: block; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; }
}
@media print {
  :root { --page: #ffffff; --text: #000000; --soft: #444444; --raised: #ffffff;
    --inherited: #0b6e4f; --serialized: #c2410c; --shared: #2563eb; --python: #7c3aed; --parent: #c2410c; --child: #2563eb; --kernel: #8b949e; }
  main { max-width: none; padding: 0; }
  .wide { display: block; } .narrow { display: none; }
  figure, table, .answer { break-inside: avoid; }
  h2, h3, .key { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
