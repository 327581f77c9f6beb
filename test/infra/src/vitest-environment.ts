// Tests read endpoints from the environment alone, so that they run against any servers that are named there.
import { inject } from 'vitest'

Object.assign(process.env, inject('rapportServers'))
