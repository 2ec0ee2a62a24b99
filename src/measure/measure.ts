import { ZygoteError } from '../errors.js';
import { BenchLostError } from './bench/host.js';
import { Budget, type TimeBox } from './budget.js';
import type { Measurement, PayloadMeasurement } from './measurement.js';
import { planFrom, type MeasureOptions, type PayloadSpec, type Plan, type Point } from './options.js';
import { measurePayload, NoTimeError } from './rounds.js';
import { describeEnvironment } from './system/environment.js';
import { memoryObstacle } from './system/enough-memory.js';

/**
 * Hands the same data to a child in every way there is, and measures what each way costs. Each payload is measured by processes of
 * its own, with a clean environment; their turns are interleaved.
 *
 * A way that fails is noted in the result. It rejects if data of your own cannot be loaded
 * (`ERR_ZYGOTE_MEASURE_DATA`), if a child has read other data than its parent has (`ERR_ZYGOTE_MEASURE_MISMATCH`), on
 * options that make no sense (`ERR_ZYGOTE_MEASURE_OPTION`), and with the signal's reason.
 */
export async function measure(options: MeasureOptions = {}): Promise<Measurement> {
  const plan = planFrom(options);
  const environment = describeEnvironment();
  const from = performance.now();
  const budget = new Budget(plan.budget);
  const payloads: PayloadMeasurement[] = [];
  for (const [at, point] of plan.points.entries()) {
    const measurement = await measureOne(point, plan, budget.box(plan.points.slice(at)), options);
    payloads.push(measurement);
    options.onPayload?.(measurement);
  }
  const elapsed = performance.now() - from;
  const { rounds, scale } = plan;
  return {
    format: 2,
    environment,
    rounds,
    scale,
    ...(plan.budget !== undefined && { budget: plan.budget }),
    elapsed,
    payloads,
  };
}

async function measureOne(
  point: Point,
  plan: Plan,
  box: TimeBox,
  options: MeasureOptions,
): Promise<PayloadMeasurement> {
  const { spec } = point;
  const { name } = spec;
  const { rounds } = plan;
  const label = labelOf(spec, plan.scale);
  options.onProgress?.({ payload: label, round: 0, rounds });
  const obstacle = memoryObstacle(spec, plan.scale);
  if (obstacle !== undefined) return { name, status: 'skipped', reason: `${label}: ${obstacle}` };
  try {
    return await measurePayload(point, plan, box, {
      signal: options.signal,
      onTurn: (contestant, round) =>
        options.onProgress?.({ payload: label, contestant, ...(round !== undefined && { round }), rounds }),
    });
  } catch (error) {
    if (error instanceof NoTimeError) return { name, status: 'skipped', reason: `${label}: ${error.message}` };
    if (error instanceof BenchLostError) return { name, status: 'failed', reason: error.message };
    if (!(error instanceof ZygoteError)) throw error;
    if (error.code === 'ERR_ZYGOTE_MEASURE_DATA_MISSING') return { name, status: 'skipped', reason: error.message };
    if (error.code === 'ERR_ZYGOTE_MEASURE_FAILED') return { name, status: 'failed', reason: error.message };
    throw error;
  }
}

function labelOf(spec: PayloadSpec, scale: number): string {
  if (!('size' in spec) || spec.size === undefined) return spec.name;
  return `${spec.name}, ${((spec.size * scale) / 1e6).toLocaleString('en-US', { maximumSignificantDigits: 3 })} MB`;
}
