/** `zygote/measure`: what it costs to hand data to a child, by inheritance and by serialization. */
export { measure } from './measure.js';
export { CONTESTANT_NAMES, PAYLOAD_NAMES, type MeasureOptions, type PayloadName, type Progress } from './options.js';
export {
  STAGES,
  type ContestantMeasurement,
  type ContestantName,
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
} from './measurement.js';
