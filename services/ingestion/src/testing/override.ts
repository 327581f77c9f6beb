/** The same object with some of its methods replaced; the others go on running on the object itself. */
export const override = <T extends object>(target: T, methods: Partial<T>): T =>
  new Proxy(target, {
    get: (_target, name) => {
      const value: unknown = Reflect.get(Reflect.has(methods, name) ? methods : target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
