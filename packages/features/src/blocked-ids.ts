const blocked: ReadonlySet<string> = new Set([
  '',
  '-1',
  '0',
  '00000000-0000-0000-0000-000000000000',
  '[object object]',
  'anonymous',
  'anon',
  'distinct_id',
  'distinctid',
  'email',
  'false',
  'guest',
  'id',
  'n/a',
  'na',
  'nan',
  'nil',
  'none',
  'not_authenticated',
  'null',
  'test',
  'true',
  'undefined',
  'unknown',
  'user',
  'user_id',
  'userid',
  'visitor',
])

/**
 * True for values that broken clients send in place of an id. Such a value never links: it would merge visitors who
 * have nothing in common. Case, surrounding spaces and quotes do not matter.
 */
export function isBlockedId(id: string): boolean {
  return (
    id.length <= 40 &&
    blocked.has(
      id
        .trim()
        .replaceAll(/^["']+|["']+$/g, '')
        .trim()
        .toLowerCase(),
    )
  )
}
