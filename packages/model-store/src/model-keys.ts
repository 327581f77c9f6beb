import { type Alias, ModelNameSchema, ModelVersionNameSchema, TenantNameSchema } from '@rapport/contracts'
import { Value } from 'typebox/value'
import { ModelStoreError } from './errors.ts'

/** A model of a tenant. */
export interface ModelRef {
  readonly tenant: string
  readonly name: string
}

export interface VersionRef extends ModelRef {
  readonly version: string
}

export interface AliasRef extends ModelRef {
  readonly alias: Alias
}

function check(isValid: boolean, what: string, value: string): void {
  if (!isValid) throw new ModelStoreError('RPT_MODEL_NAME', `${what} ${JSON.stringify(value)} is not a valid name`)
}

/** All names become parts of object keys. @throws ModelStoreError `RPT_MODEL_NAME` */
export function checkModelRef({ tenant, name }: ModelRef): void {
  check(Value.Check(TenantNameSchema, tenant), 'tenant', tenant)
  check(Value.Check(ModelNameSchema, name), 'model', name)
}

export function checkVersionRef(ref: VersionRef): void {
  checkModelRef(ref)
  check(Value.Check(ModelVersionNameSchema, ref.version), 'version', ref.version)
}

export const tenantPrefix = (tenant: string): string => `models/${tenant}/`
export const modelPrefix = ({ tenant, name }: ModelRef): string => `models/${tenant}/${name}/`
export const versionsPrefix = (ref: ModelRef): string => `${modelPrefix(ref)}versions/`
export const versionPrefix = (ref: VersionRef): string => `${versionsPrefix(ref)}${ref.version}/`
/** Marks of who publishes or names versions, and of versions that are being removed: see version-holds.ts. */
export const allHoldsPrefix = (ref: ModelRef): string => `${modelPrefix(ref)}holds/`
export const holdsPrefix = (ref: VersionRef): string => `${allHoldsPrefix(ref)}${ref.version}/`
export const allRemovalsPrefix = (ref: ModelRef): string => `${modelPrefix(ref)}removals/`
export const removalKey = (ref: VersionRef): string => allRemovalsPrefix(ref) + ref.version
export const manifestFile = 'manifest.json'
export const manifestKey = (ref: VersionRef): string => versionPrefix(ref) + manifestFile
export const aliasKey = (ref: AliasRef): string => `${modelPrefix(ref)}aliases/${ref.alias}.json`
export const describeVersion = ({ tenant, name, version }: VersionRef): string => `${tenant}/${name}@${version}`
