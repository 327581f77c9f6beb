import type { LoadRequest } from './connection.ts'

/** Users and items that a workload draws from. */
export interface Population {
  readonly users: number
  readonly items: number
}

export const userId = (index: number): string => `user-${index}`
export const itemId = (index: number): string => `item-${index}`

const eventNames = [
  'Product Viewed',
  'Product Viewed',
  'Product Viewed',
  'Product Added',
  'Product Viewed',
  'Order Completed',
]

const smallContext =
  '{"ip":"192.0.2.7","userAgent":"Mozilla/5.0 (X11; Linux x86_64)","page":{"url":"https://shop.example/p/1","title":"Shop"},"locale":"en-GB"}'

/** What a library in a browser sends along: with it, an event's record has about 900 bytes. */
export const browserContext =
  '{"ip":"192.0.2.7","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",' +
  '"library":{"name":"analytics.js","version":"2.11.1"},"page":{"url":"https://shop.example/p/1?utm_source=newsletter","path":"/p/1",' +
  '"title":"Shop","referrer":"https://search.example/"},"campaign":{"name":"autumn","source":"newsletter","medium":"email"},"screen":{"width":1920,"height":1080,"density":2},"timezone":"Europe/Berlin","userAgentData":{"mobile":false,"platform":"Linux"},"locale":"en-GB"}'

/**
 * Makes events one after another, about 400 bytes each, all distinct: visitors evenly, items by Zipf's law (exponent 1),
 * one event in six an order. The text is put together by hand, since the generator shares the machine.
 */
export class EventMaker {
  #made = 0
  readonly #run = Date.now().toString(36)
  readonly #population: Population
  readonly #context: string
  readonly #logItems: number

  constructor(population: Population, context = smallContext) {
    this.#population = population
    this.#context = context
    this.#logItems = Math.log(population.items)
  }

  get made(): number {
    return this.#made
  }

  next(): string {
    const number = this.#made++
    const user = userId((number * 7919) % this.#population.users)
    const item = itemId(Math.floor(Math.exp(Math.random() * this.#logItems)) - 1)
    const name = eventNames[number % eventNames.length]
    const line = `{"product_id":"${item}","price":${(number % 100) + 0.5},"quantity":1,"category":"shelf-${number % 20}"}`
    const properties =
      name === 'Order Completed'
        ? `{"order_id":"o-${this.#run}-${number}","currency":"EUR","total":${(number % 100) + 0.5},"products":[${line}]}`
        : line
    return `{"type":"track","messageId":"${this.#run}-${number}","userId":"${user}","event":"${name}","properties":${properties},"context":${this.#context}}`
  }

  single(): LoadRequest {
    return { method: 'POST', path: '/v1/track', body: this.next() }
  }

  batch(size: number): LoadRequest {
    const events = Array.from({ length: size }, () => this.next())
    return { method: 'POST', path: '/v1/batch', body: `{"batch":[${events.join(',')}]}` }
  }
}
