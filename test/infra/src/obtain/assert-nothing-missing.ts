import type { ServerKind } from '../endpoints.ts'
import { missingForKafka } from './kafka-jars.ts'
import { assertNone, type MissingPiece } from './missing-pieces.ts'
import { missingForRedis } from './redis-server.ts'
import { missingForS3 } from './versitygw.ts'

const missingFor: Readonly<Record<ServerKind, () => Promise<MissingPiece[]>>> = {
  kafka: missingForKafka,
  redis: missingForRedis,
  s3: missingForS3,
}

/** @throws MissingPiecesError when this machine cannot run one of the servers, naming all that is missing. */
export async function assertNothingMissing(kinds: readonly ServerKind[]): Promise<void> {
  assertNone((await Promise.all(kinds.map((kind) => missingFor[kind]()))).flat())
}
