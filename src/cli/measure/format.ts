/** Numbers for people. */

/** Three digits that count, and thousands apart: 3.94, 41.2, 1,213. */
export function number(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A spread, with as many decimals as the number that it belongs to. */
export function numberLike(value: number, main: number): string {
  const size = Math.abs(main);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** 1 MB is 1,000,000 bytes. */
export function megabytes(bytes: number): string {
  const size = Math.abs(bytes) / 1e6;
  const digits = size >= 9.95 ? 0 : 1;
  const text = (bytes / 1e6).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text === '-0.0' ? '0.0' : text;
}

/** How many times: 2.4x, 311x. */
export function times(ratio: number): string {
  const digits = ratio >= 9.95 ? 0 : 1;
  return `${ratio.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}x`;
}

/** Minutes and seconds: 2:07. */
export function minutes(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
