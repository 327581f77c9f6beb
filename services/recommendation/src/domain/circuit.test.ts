import { expect, it } from 'vitest'
import { Circuit } from './circuit.ts'

it('opens after failures in a row, lets one call a pause through, and closes on success', () => {
  const circuit = new Circuit({ threshold: 2, pauseMs: 100 })
  circuit.failed(0)
  circuit.succeeded()
  circuit.failed(0)
  expect(circuit.admits(0)).toBe(true)
  circuit.failed(10)
  expect(circuit.admits(109)).toBe(false)
  expect(circuit.admits(110)).toBe(true)
  expect(circuit.admits(111)).toBe(false)
  circuit.succeeded()
  expect(circuit.admits(112)).toBe(true)
})
