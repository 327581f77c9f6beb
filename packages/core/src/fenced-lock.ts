export interface LeaseOptions {
  /** How long the lease lasts unless it is renewed. */
  readonly ttlMs: number
  /** How long to wait for other holders; 0 tries once. */
  readonly waitMs: number
}

/**
 * The right to act alone under a name, for a time. A holder that is paused or cut off loses it without being told, so it
 * looks at `remainingMs` before and after what it does.
 */
export interface FencedLease {
  /** A safe integer greater than that of every lease of the name before; what is written under the lease carries it. */
  readonly token: number
  /**
   * For how much longer nobody else can have the lock, counted by the monotonic clock of this process from before the
   * lease was asked for, or last renewed. 0 or less: somebody else may have it.
   */
  remainingMs(): number
  /**
   * Lets the lease last `ttlMs` from now on. False when it is lost, which is final.
   * @throws RapportError that can be tried again when the lock's store does not answer; the lease then runs on as it was.
   */
  renew(ttlMs: number): Promise<boolean>
  /** Ends the lease; a lost one is left alone. When the lock's store does not answer, the lease ends by its time. */
  release(): Promise<void>
}

/**
 * Mutual exclusion between processes, with fencing tokens for what cannot be excluded: a holder that goes on after its
 * lease has ended. Tokens of a name keep growing when the store behind the lock has lost its data; beginning at the
 * milliseconds since the epoch does that.
 *
 * Source: M. Kleppmann, "How to do distributed locking", 2016.
 */
export interface FencedLock {
  /**
   * Undefined when others have held the lock all through `waitMs`.
   * @throws RapportError that can be tried again when the lock's store does not answer.
   */
  acquire(name: string, options: LeaseOptions): Promise<FencedLease | undefined>
}
