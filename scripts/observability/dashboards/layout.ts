/** PromQL and how its series are called. */
export type Query = readonly [expr: string, legend: string]

export interface Panel {
  readonly title: string
  /** What to read from it, where the title does not say it. */
  readonly description?: string
  /** A unit of Grafana's, such as `s`, `bytes`, `reqps` or `percentunit`. */
  readonly unit: string
  readonly queries: readonly Query[]
  /** A line over time unless said otherwise; `stat` is one figure. */
  readonly kind?: 'stat'
  readonly isStacked?: true
}

export interface Row {
  readonly title: string
  /** Side by side, four at most. */
  readonly panels: readonly Panel[]
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Whether one picks the service. */
  readonly isOfJob?: true
  readonly rows: readonly Row[]
}

const datasource = { type: 'prometheus', uid: '${datasource}' }
const columns = 24
const heights = { line: 8, stat: 4 } as const

/** A dashboard in the model of Grafana 11 and later (schema 39), as it is provisioned from a file. */
export function toGrafana({ uid, title, description, isOfJob, rows }: Dashboard): object {
  return {
    uid,
    title,
    description,
    tags: ['rapport'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [datasourceVariable, ...(isOfJob === true ? [jobVariable] : [])] },
    annotations: { list: [] },
    links: [{ type: 'dashboards', title: 'Rapport', tags: ['rapport'], asDropdown: true, keepTime: true }],
    panels: toPanels(rows),
  }
}

const datasourceVariable = {
  type: 'datasource',
  name: 'datasource',
  label: 'Data source',
  query: 'prometheus',
  refresh: 1,
  hide: 0,
  includeAll: false,
  multi: false,
}

const jobQuery = 'label_values(rapport_heap_limit_bytes, job)'
const jobVariable = {
  type: 'query',
  name: 'job',
  label: 'Service',
  datasource,
  definition: jobQuery,
  query: { query: jobQuery, refId: 'job' },
  refresh: 2,
  sort: 1,
  hide: 0,
  includeAll: true,
  allValue: '.+',
  multi: false,
}

function toPanels(rows: readonly Row[]): object[] {
  const made: object[] = []
  let y = 0
  for (const { title, panels } of rows) {
    made.push({
      id: made.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: columns, x: 0, y },
    })
    y += 1
    const w = Math.floor(columns / panels.length)
    const h = panels.every(({ kind }) => kind === 'stat') ? heights.stat : heights.line
    for (const [at, panel] of panels.entries()) {
      made.push({ id: made.length + 1, gridPos: { h, w, x: at * w, y }, ...toPanel(panel) })
    }
    y += h
  }
  return made
}

function toPanel({ title, description, unit, queries, kind, isStacked }: Panel): object {
  const stacking = { mode: isStacked === true ? 'normal' : 'none', group: 'A' }
  const line = {
    drawStyle: 'line',
    lineWidth: 1,
    fillOpacity: isStacked === true ? 30 : 5,
    showPoints: 'never',
    stacking,
  }
  return {
    type: kind ?? 'timeseries',
    title,
    ...(description !== undefined && { description }),
    datasource,
    targets: queries.map(([expr, legendFormat], at) => ({
      refId: String.fromCodePoint(65 + at),
      datasource,
      editorMode: 'code',
      expr,
      legendFormat,
      range: true,
    })),
    fieldConfig: { defaults: { unit, ...(kind === undefined && { min: 0, custom: line }) }, overrides: [] },
    options: kind === 'stat' ? figureOptions : lineOptions,
  }
}

const figureOptions = {
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  colorMode: 'none',
  graphMode: 'area',
  justifyMode: 'auto',
  textMode: 'auto',
  orientation: 'auto',
}

const lineOptions = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
  tooltip: { mode: 'multi', sort: 'desc' },
}
