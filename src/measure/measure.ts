import { ZygoteError } from '../errors.js';
import { BenchLostError } from './bench/host.js';
import type { Measurement, PayloadMeasurement } from './measurement.js';
import { planFrom, type MeasureOptions, type PayloadSpec, type Plan } from './options.js';
import { measurePayload } from './rounds.js';
import { describeEnvironment } from './system/environment.js';

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
  const payloads: PayloadMeasurement[] = [];
  for (const payload of plan.payloads) {
    const measurement = await measureOne(payload, plan, options);
    payloads.push(measurement);
    options.onPayload?.(measurement);
  }
  const elapsed = performance.now() - from;
  return { format: 1, environment, rounds: plan.rounds, scale: plan.scale, elapsed, payloads };
}

async function measureOne(payload: PayloadSpec, plan: Plan, options: MeasureOptions): Promise<PayloadMeasurement> {
  const { name } = payload;
  const { rounds } = plan;
  options.onProgress?.({ payload: name, round: 0, rounds });
  try {
    return await measurePayload(payload, plan, {
      signal: options.signal,
      onTurn: (contestant, round) => options.onProgress?.({ payload: name, contestant, round, rounds }),
    });
  } catch (error) {
    if (error instanceof BenchLostError) return { name, status: 'failed', reason: error.message };
    if (!(error instanceof ZygoteError)) throw error;
    if (error.code === 'ERR_ZYGOTE_MEASURE_DATA_MISSING') return { name, status: 'skipped', reason: error.message };
    if (error.code === 'ERR_ZYGOTE_MEASURE_FAILED') return { name, status: 'failed', reason: error.message };
    throw error;
  }
}
