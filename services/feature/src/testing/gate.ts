/** A gate at which calls wait until it is opened. */
export interface Gate {
  /** `target` with the gate before those of its calls that match; they give a promise whatever they gave. */
  before<T extends object>(target: T): T
  /** Resolves when the first call has come to the gate. */
  readonly reached: Promise<void>
  open(): void
}

export function atGate(matches: (name: string | symbol, call: readonly unknown[]) => boolean): Gate {
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const before = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(inner, name) {
        const value: unknown = Reflect.get(inner, name)
        if (typeof value !== 'function') return value
        return (...call: unknown[]): unknown => {
          if (!matches(name, call)) return Reflect.apply(value, inner, call)
          reached.resolve()
          return opened.promise.then((): unknown => Reflect.apply(value, inner, call))
        }
      },
    })
  return { before, reached: reached.promise, open: opened.resolve }
}
