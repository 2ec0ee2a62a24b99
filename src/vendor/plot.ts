/** What the plots are drawn with: `.ci/bundle.mjs` puts it, and all that it needs, into one file of the package. */
export { axisX, axisY, barX, dot, gridX, gridY, line, link, plot, ruleX, text, tickX } from '@observablehq/plot';
