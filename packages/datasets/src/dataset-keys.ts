import { randomBytes } from 'node:crypto'
import { ModelNameSchema, ModelVersionNameSchema, TenantNameSchema } from '@rapport/contracts'
import { Value } from 'typebox/value'
import { DatasetError } from './errors.ts'

/** A data set of a tenant. */
export interface DatasetRef {
  readonly tenant: string
  readonly name: string
}

export interface DatasetVersionRef extends DatasetRef {
  readonly version: string
}

function check(isValid: boolean, what: string, value: string): void {
  if (!isValid) throw new DatasetError('RPT_DATASET_NAME', `${what} ${JSON.stringify(value)} is not a valid name`)
}

export const checkTenant = (tenant: string): void => check(Value.Check(TenantNameSchema, tenant), 'tenant', tenant)

/** All names become parts of object keys. @throws DatasetError `RPT_DATASET_NAME` */
export function checkDatasetRef({ tenant, name }: DatasetRef): void {
  checkTenant(tenant)
  check(Value.Check(ModelNameSchema, name), 'data set', name)
}

export function checkVersionRef(ref: DatasetVersionRef): void {
  checkDatasetRef(ref)
  check(Value.Check(ModelVersionNameSchema, ref.version), 'version', ref.version)
}

export const tenantPrefix = (tenant: string): string => `datasets/${tenant}/`
export const versionsPrefix = ({ tenant, name }: DatasetRef): string => `datasets/${tenant}/${name}/versions/`
export const versionPrefix = (ref: DatasetVersionRef): string => `${versionsPrefix(ref)}${ref.version}/`
export const manifestKey = (ref: DatasetVersionRef): string => `${versionPrefix(ref)}manifest.json`
export const partFile = (index: number): string => `part-${String(index).padStart(5, '0')}.ndjson.gz`
export const describeVersion = ({ tenant, name, version }: DatasetVersionRef): string => `${tenant}/${name}@${version}`

/** What an object of a tenant belongs to; undefined for one that belongs to no version. */
export function readKey(tenant: string, key: string): { ref: DatasetVersionRef; isManifest: boolean } | undefined {
  const [name, versions, version, file, ...rest] = key.slice(tenantPrefix(tenant).length).split('/')
  if (name === undefined || versions !== 'versions' || version === undefined || file === undefined) return undefined
  return { ref: { tenant, name, version }, isManifest: file === 'manifest.json' && rest.length === 0 }
}

/** Milliseconds since the epoch. */
function timeOf(version: string | undefined): number {
  const [, year, month, day, hour, minute, second, ms] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-/.exec(version ?? '') ?? []
  return year === undefined ? 0 : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`)
}

/** A name that sorts behind `newest`, by the time in it, whatever this machine's clock says. */
export function newVersion(nowMs: number, newest: string | undefined): string {
  const time = new Date(Math.max(nowMs, timeOf(newest) + 1)).toISOString()
  return `${time.replaceAll(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`
}
