/** `notCompared`: of a comparison whose `failed` means that something differs, as of diff(1). */
export const exitCodes = { done: 0, failed: 1, usage: 2, notCompared: 2, interrupted: 130 } as const
