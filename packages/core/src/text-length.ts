/** Whether a text has more than `limit` Unicode characters: a UTF-16 surrogate pair is one. */
export function isTooLong(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  if (text.length > limit * 2) return true
  let pairs = 0
  for (let index = 0; index < text.length; index++) if ((text.charCodeAt(index) & 0xfc00) === 0xd800) pairs++
  return text.length - pairs > limit
}
