import { once } from 'node:events'
import { connect } from 'node:net'
import { pbkdf2Sync, randomBytes } from 'node:crypto'

const ALTER_USER_SCRAM_CREDENTIALS = 51
const ITERATIONS = 4096
const mechanisms = {
  'scram-sha-256': { id: 1, hash: 'sha256', bytes: 32 },
  'scram-sha-512': { id: 2, hash: 'sha512', bytes: 64 },
}

export interface ScramUser {
  readonly mechanism: keyof typeof mechanisms
  readonly name: string
  readonly password: string
}

/** Adds a user by a request to the controller, which no client library here has. */
export async function addScramUser(controllerPort: number, { mechanism, name, password }: ScramUser): Promise<void> {
  const { id, hash, bytes } = mechanisms[mechanism]
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, ITERATIONS, bytes, hash)
  const int32 = (value: number): Buffer => {
    const buffer = Buffer.alloc(4)
    buffer.writeInt32BE(value)
    return buffer
  }
  const compact = (value: Buffer): Buffer => Buffer.concat([Buffer.from([value.length + 1]), value])
  const noTags = Buffer.from([0])
  // Header version 2: key, version, correlation id, no client id. Body: no deletions, one insertion.
  const header = Buffer.from([0, ALTER_USER_SCRAM_CREDENTIALS, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0])
  const user = [
    compact(Buffer.from(name)),
    Buffer.from([id]),
    int32(ITERATIONS),
    compact(salt),
    compact(salted),
    noTags,
  ]
  const request = Buffer.concat([header, Buffer.from([1, 2]), ...user, noTags])
  const socket = connect({ host: '127.0.0.1', port: controllerPort })
  socket.write(Buffer.concat([int32(request.length), request]))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  // Size, correlation id, tags, throttle time, results: length, user, error code.
  const error = answer.readInt16BE(4 + 4 + 1 + 4 + 1 + 1 + name.length)
  if (error !== 0) throw new Error(`adding a user failed with Kafka's error ${error}`)
}
