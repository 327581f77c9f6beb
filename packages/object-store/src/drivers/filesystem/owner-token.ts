import { randomBytes } from 'node:crypto'
import { isProcessAlive, processIdentity } from '@rapport/core'

/** `<process>_<random>`: names whose a lock or an unfinished file is. */
export const newOwnerToken = (): string => `${processIdentity}_${randomBytes(6).toString('hex')}`

export const isOwnProcess = (ownerToken: string): boolean => ownerToken.startsWith(`${processIdentity}_`)

/** False when the owner's process is gone, and for text that is no token. */
export const isOwnerAlive = (ownerToken: string): boolean => isProcessAlive(ownerToken)
