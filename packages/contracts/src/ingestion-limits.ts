/** Bounds of what ingestion takes. Bytes are those of the JSON text, after gunzip. */
export const ingestionLimits = {
  eventBytes: 32 * 1024,
  /** Of an event as it stands in the log: what the platform adds (tenant, source, times) is not the client's. */
  storedEventBytes: 34 * 1024,
  batchBytes: 500 * 1024,
  batchEvents: 2_500,
  /** Unicode characters of an id, a messageId or an event name. */
  nameLength: 256,
  /** Objects and arrays inside each other in `properties`, `traits` and `context`. */
  depth: 32,
  itemBytes: 256 * 1024,
  /** Of a catalogue import, which is streamed. */
  importBytes: 4 * 1024 ** 3,
  /** Refused rows that the answer of a catalogue import lists; the others are only counted. */
  listedRejections: 1_000,
} as const
