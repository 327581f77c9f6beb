import type { PartitionRebuild, StateRebuildRecord } from '@rapport/contracts'

/** A record whose work has begun. */
export type WorkingRecord = StateRebuildRecord & { readonly work: NonNullable<StateRebuildRecord['work']> }

export interface Figures {
  readonly read: number
  readonly applied: number
}

export const isFinished = ({ state }: StateRebuildRecord): boolean => state === 'done' || state === 'failed'

/** What `GET /v1/state/rebuild/{id}` shows of a record. */
export function withoutWork({ work: _work, ...shown }: StateRebuildRecord): Omit<StateRebuildRecord, 'work'> {
  return shown
}

/** The record with its work begun; `count` partitions. */
export function begun(record: StateRebuildRecord, count: number, startedAt: string): WorkingRecord {
  if (record.work !== undefined) return { ...record, work: record.work }
  return { ...record, state: 'running', startedAt, work: heldByNobody(count) }
}

/**
 * The partitions that are not done get this holder: from now on no other process can say of one of them that it is done.
 * Gives the record itself when there is nothing to change.
 */
export function claimed(record: WorkingRecord, holder: string, wanted: readonly number[]): WorkingRecord {
  const isNew = ({ state, holder: standing }: PartitionRebuild, partition: number): boolean =>
    state !== 'done' && standing !== holder && wanted.includes(partition)
  if (!record.work.partitions.some(isNew)) return record
  return withPartitions(record, (standing, partition) =>
    isNew(standing, partition) ? { ...standing, holder, eventsRead: 0 } : standing,
  )
}

/** Live consumption of these partitions leaves the tenant's events out. Whose word completes them all, clears the state. */
export function held(record: WorkingRecord, holder: string, partitions: readonly number[]): WorkingRecord {
  const after = withPartitions(record, (standing, partition) =>
    standing.state === 'open' && standing.holder === holder && partitions.includes(partition)
      ? { ...standing, state: 'held' }
      : standing,
  )
  const isComplete = after.work.phase === 'hold' && after.work.partitions.every(({ state }) => state === 'held')
  return isComplete ? ledBy(after, holder) : after
}

/** The process clears the state, which nobody has done yet, or whoever began has not been heard of since. */
export function ledBy(record: WorkingRecord, process: string): WorkingRecord {
  const work = { ...record.work, phase: 'clear' as const, leader: { process, beat: 0 } }
  return { ...record, attempts: record.attempts + 1, work }
}

export const isLedBy = ({ work }: WorkingRecord, process: string): boolean =>
  work.phase === 'clear' && work.leader.process === process

/** The leader stops before it has cleared the state; another may begin at once. */
export const resigned = (record: WorkingRecord): WorkingRecord => ({
  ...record,
  work: { ...record.work, leader: nobody },
})

/** The leader is still at it. */
export function beaten(record: WorkingRecord): WorkingRecord {
  const { leader } = record.work
  return { ...record, work: { ...record.work, leader: { ...leader, beat: leader.beat + 1 } } }
}

export const cleared = (record: WorkingRecord): WorkingRecord => ({
  ...record,
  work: { ...record.work, phase: 'replay' },
})

/** Everything once more: somebody has cleared the state at a time when it was no longer theirs to clear. */
export const begunAgain = (record: WorkingRecord): WorkingRecord =>
  summed({ ...record, work: heldByNobody(record.work.partitions.length) })

/** Adds what a holder has replayed. */
export function advanced(record: WorkingRecord, holder: string, figures: ReadonlyMap<number, Figures>): WorkingRecord {
  return summed(
    withPartitions(record, (standing, partition) => {
      const more = figures.get(partition)
      if (more === undefined || standing.holder !== holder || standing.state === 'done') return standing
      const { eventsRead, eventsApplied } = standing
      return { ...standing, eventsRead: eventsRead + more.read, eventsApplied: eventsApplied + more.applied }
    }),
  )
}

/** These partitions are replayed as far as live consumption of their holder has come. With the last of them all is done. */
export function replayed(
  record: WorkingRecord,
  holder: string,
  { partitions, at }: { readonly partitions: readonly number[]; readonly at: string },
): WorkingRecord {
  const after = withPartitions(record, (standing, partition) =>
    standing.state === 'held' && standing.holder === holder && partitions.includes(partition)
      ? { ...standing, state: 'done' }
      : standing,
  )
  const isComplete = after.work.partitions.every(({ state }) => state === 'done')
  return isComplete ? { ...after, state: 'done', finishedAt: at } : after
}

/** The partitions with this state that a process has in hand. */
export function partitionsOf(record: WorkingRecord, holder: string, state: PartitionRebuild['state']): number[] {
  return record.work.partitions.flatMap((standing, partition) =>
    standing.holder === holder && standing.state === state ? [partition] : [],
  )
}

const nobody = { process: '', beat: 0 }

const heldByNobody = (count: number): WorkingRecord['work'] => ({
  phase: 'hold',
  leader: nobody,
  partitions: Array.from({ length: count }, () => ({ state: 'open', holder: '', eventsRead: 0, eventsApplied: 0 })),
})

function withPartitions(
  record: WorkingRecord,
  change: (standing: PartitionRebuild, partition: number) => PartitionRebuild,
): WorkingRecord {
  return { ...record, work: { ...record.work, partitions: record.work.partitions.map(change) } }
}

function summed(record: WorkingRecord): WorkingRecord {
  const sum = (figure: (partition: PartitionRebuild) => number): number =>
    record.work.partitions.reduce((total, partition) => total + figure(partition), 0)
  return {
    ...record,
    eventsRead: sum(({ eventsRead }) => eventsRead),
    eventsApplied: sum(({ eventsApplied }) => eventsApplied),
  }
}
