import type { ModelView } from './domain/model-view.ts'

/** A loaded model in use; it is kept until the lease is disposed. */
export interface ModelLease extends Disposable {
  readonly view: ModelView
}

/** The tenants' recommender models. */
export interface RecommenderModels {
  /** The champion in time for an answer; undefined before a tenant has one, and while it is still being loaded. Never rejects. */
  acquire(tenant: string): Promise<ModelLease | undefined>
  /** The champion's version when it could be had at once. */
  servingVersion(tenant: string): string | undefined
}
