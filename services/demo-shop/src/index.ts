export { backfill } from './backfill.ts'
export { createHistory, createShop, type Shop } from './history.ts'
export { clicksOn } from './live-traffic.ts'
export { Random } from './random.ts'
