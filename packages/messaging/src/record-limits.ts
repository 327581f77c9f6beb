const MEBIBYTE = 1024 * 1024
const DEAD_LETTER_TOPIC = /\.dlq$/

/** Longest key in UTF-8 bytes. */
export const MAX_KEY_BYTES = 8 * 1024

/**
 * Largest value that a topic takes, for every driver. Kafka's default is 1 MiB; a dead-letter topic takes more, because
 * a dead letter holds the base64 of a record.
 */
export const maxValueBytes = (topic: string): number => (DEAD_LETTER_TOPIC.test(topic) ? 2 * MEBIBYTE : MEBIBYTE)
