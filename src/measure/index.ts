/** `zygote/measure`: what it costs to hand data to a child, by inheritance and by serialization. */
export { measure } from './measure.js';
export { PAYLOAD_NAMES, type MeasureOptions, type PayloadName, type Progress } from './options.js';
export {
  STAGES,
  type ContestantMeasurement,
  type CpuSummary,
  type EarlyStage,
  type Environment,
  type MeasuredContestant,
  type MeasuredPayload,
  type Measurement,
  type MemorySample,
  type MemorySummary,
  type MissingContestant,
  type MissingPayload,
  type PayloadMeasurement,
  type Stage,
  type Summary,
  type TogetherMeasurement,
} from './measurement.js';
export { CONTESTANT_NAMES, WAYS, type ContestantName, type Family, type Handing, type Way } from './ways.js';
