import { describe, expect, it } from 'vitest'
import { readDashboards, deployedDashboards, readPrometheusRule, readRules, usedMetrics } from './used-metrics.ts'

describe('the reader of expressions', () => {
  it('finds metrics with their labels, and neither functions nor words nor labels', () => {
    const expr = `sum by (job, le) (rate(a_total{b="x{y}", c!~"d(e)"}[5m] offset 30m)) / on (job) group_left (f) g:h:i > 14.4 * 0.5 unless j`
    expect(usedMetrics(expr)).toEqual([
      { name: 'a_total', labels: ['b', 'c'] },
      { name: 'g:h:i', labels: [] },
      { name: 'j', labels: [] },
    ])
  })
})

describe('what Kubernetes gets', () => {
  it('are the rules that a Prometheus without it gets', async () => {
    const rules = await readRules()
    expect(rules.filter(({ alert }) => alert !== undefined).length).toBeGreaterThan(15)
    expect(await readPrometheusRule()).toEqual(rules)
  })

  it('are all dashboards, whose panels lie side by side with numbers of their own', async () => {
    const dashboards = await readDashboards()
    expect((await deployedDashboards()).toSorted()).toEqual([...dashboards.keys()].toSorted())
    expect(dashboards.size).toBe(4)
    for (const [file, { uid, panels }] of dashboards) {
      expect(file).toBe(`${uid}.json`)
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
      const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) =>
        Array.from({ length: h * w }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
      )
      expect(new Set(cells).size).toBe(cells.length)
    }
  })
})
