/** Names at the ends of lines, moved apart where they would overlap. */

export interface Axis {
  /** From the lower to the upper end. */
  domain: readonly [number, number];
  isLog: boolean;
  /** Pixels between the two. */
  pixels: number;
}

/** Pixels that one line of text needs. */
const LINE = 13;

/** Where to write what belongs to these values, on the same axis: in order, and nowhere closer than a line of text. */
export function apart(values: readonly number[], axis: Axis): number[] {
  const order = values.map((_, at) => at).toSorted((a, b) => (values[a] as number) - (values[b] as number));
  const places = order.map((at) => toPixels(values[at] as number, axis));
  // Up where they are too close, then down again from the upper end.
  for (let at = 1; at < places.length; at++) {
    places[at] = Math.max(places[at] as number, (places[at - 1] as number) + LINE);
  }
  let limit = Math.max(axis.pixels, (places.length - 1) * LINE);
  for (let at = places.length - 1; at >= 0; at--) {
    places[at] = Math.min(places[at] as number, limit);
    limit = (places[at] as number) - LINE;
  }
  const moved: number[] = [];
  order.forEach((at, rank) => (moved[at] = fromPixels(places[rank] as number, axis)));
  return moved;
}

function toPixels(value: number, { domain: [low, high], isLog, pixels }: Axis): number {
  if (isLog) return (Math.log(value / low) / Math.log(high / low)) * pixels;
  return ((value - low) / (high - low)) * pixels;
}

function fromPixels(place: number, { domain: [low, high], isLog, pixels }: Axis): number {
  return isLog ? low * (high / low) ** (place / pixels) : low + ((high - low) * place) / pixels;
}
