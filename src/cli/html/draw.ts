/** Draws plots, as SVG that needs no script and takes its colours from the page. */
import type { PlotOptions } from '@observablehq/plot';
import { plot } from '../../vendor/plot.js';
import { DrawingDocument, escapeText } from './document.js';

/** Widths for which each plot is drawn, in CSS pixels: for a desk and paper, and for a phone. */
export const WIDTHS = { wide: 860, narrow: 350 } as const;

export type Width = keyof typeof WIDTHS;

/** A figure in both widths, of which the page shows one. `caption` says what there is to see. */
export function figure(caption: string, optionsFor: (width: Width) => PlotOptions): string {
  const drawings = (Object.keys(WIDTHS) as Width[]).map((width) => {
    const svg = draw({ width: WIDTHS[width], ...optionsFor(width) }, caption);
    return `<div class="${width}">${svg}</div>`;
  });
  return `<figure>${drawings.join('')}<figcaption>${escapeText(caption)}</figcaption></figure>`;
}

function draw(options: PlotOptions, label: string): string {
  const document = new DrawingDocument() as never;
  const drawn = plot({
    document,
    className: 'plot',
    style: 'background: none; font-size: 12px; overflow: visible',
    ariaLabel: label,
    ...options,
  });
  return (drawn as unknown as { outerHTML: string }).outerHTML;
}
