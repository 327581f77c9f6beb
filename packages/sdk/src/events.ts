interface Visitor {
  /** Who the visitor is in the caller's systems. One of the two ids is needed. */
  readonly userId?: string
  /** Who the visitor is before the sign-in. */
  readonly anonymousId?: string
}

interface Common extends Visitor {
  /** Made by the client when absent, so that an event sent twice counts once. */
  readonly messageId?: string
  /** ISO 8601. Absent: now, or for `importEvents` the time of the call. */
  readonly timestamp?: string
  readonly context?: Readonly<Record<string, unknown>>
}

type Json = Readonly<Record<string, unknown>>

export interface TrackEvent extends Common {
  /** Names follow the Segment e-commerce spec: `Product Viewed`, `Product Added`, `Order Completed`, … */
  readonly event: string
  readonly properties?: Json
}
export interface IdentifyEvent extends Common {
  readonly traits?: Json
}
export interface PageEvent extends Common {
  readonly name?: string
  readonly properties?: Json
}
export interface GroupEvent extends Common {
  readonly groupId: string
  readonly traits?: Json
}
export interface AliasEvent extends Omit<Common, 'anonymousId'> {
  /** The id that becomes a member of `userId`. */
  readonly previousId: string
  readonly userId: string
}

/** An event of a batch. */
export type BatchEvent =
  | ({ readonly type: 'track' } & TrackEvent)
  | ({ readonly type: 'identify' } & IdentifyEvent)
  | ({ readonly type: 'page' | 'screen' } & PageEvent)
  | ({ readonly type: 'group' } & GroupEvent)
  | ({ readonly type: 'alias' } & AliasEvent)
