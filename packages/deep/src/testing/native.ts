import { inject } from 'vitest'

const missing = inject('rapportNativeMissing')

/** Whether tests on the native library are to be left out. */
export const isNativeMissing = missing !== ''

/** The title of such a test, with the reason where it is left out. */
export const onNative = (title: string): string => (isNativeMissing ? `${title} [skipped: ${missing}]` : title)
