/** Numbers for people. */

/** Three digits that count, and thousands apart: 3.94, 41.2, 1,213. */
export function number(value: number): string {
  return numberLike(value, value);
}

/** A spread, with as many decimals as the number that it belongs to. */
export function numberLike(value: number, main: number): string {
  const size = Math.abs(main);
  let digits = size >= 9.995 ? 1 : 2;
  if (size >= 99.95) digits = 0;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Two digits that count, however small: 0.0042, 0.51, 27. */
export function rate(value: number): string {
  return value >= 100 ? number(value) : value.toLocaleString('en-US', { maximumSignificantDigits: 2 });
}

/** 1 MB is 1,000,000 bytes. */
export function megabytes(bytes: number): string {
  const size = Math.abs(bytes) / 1e6;
  const digits = size >= 9.95 ? 0 : 1;
  const text = (bytes / 1e6).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text === '-0.0' ? '0.0' : text;
}

/** A size with its unit, two or three digits of it: 40 kB, 1.3 MB, 1 GB. */
export function sizeText(bytes: number): string {
  const [factor, unit] = (
    [
      [1e9, 'GB'],
      [1e6, 'MB'],
      [1e3, 'kB'],
    ] as const
  ).find(([least]) => bytes >= least * 0.9995) ?? [1, 'bytes'];
  const value = bytes / factor;
  return `${value.toLocaleString('en-US', { maximumSignificantDigits: value >= 100 ? 3 : 2 })} ${unit}`;
}

/** How many times: 2.4x, 311x. */
export function times(ratio: number): string {
  const digits = ratio >= 9.95 ? 0 : 1;
  return `${ratio.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}x`;
}

/** 25,431 as 25k. */
export function thousands(count: number): string {
  if (count < 1000) return count.toFixed(0);
  const value = count / 1000;
  return `${value.toLocaleString('en-US', { maximumFractionDigits: value >= 9.95 ? 0 : 1 })}k`;
}

/** Minutes and seconds: 2:07. */
export function minutes(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
