import type {
  V1ConfigMap,
  V1Ingress,
  V1JobSpec,
  V1NetworkPolicy,
  V1PodDisruptionBudget,
  V1Service,
  V1ServiceAccount,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node'

interface Named {
  readonly metadata: { readonly name: string }
}

/** Of custom resources what is read here; their schemas check the whole. */
export interface ScaledObject extends Named {
  readonly spec: {
    readonly scaleTargetRef: { readonly name: string }
    readonly maxReplicaCount?: number
    readonly triggers: readonly { readonly type: string; readonly metadata: Readonly<Record<string, string>> }[]
  }
}
export interface ScaledJob extends Named {
  readonly spec: {
    readonly jobTargetRef: V1JobSpec
    readonly triggers: ScaledObject['spec']['triggers']
  }
}
interface TriggerAuthentication extends Named {
  readonly spec: { readonly secretTargetRef?: readonly { readonly name: string; readonly key: string }[] }
}
interface HttpRoute extends Named {
  readonly spec: {
    readonly rules: readonly {
      readonly matches: readonly { readonly path: { readonly type: string; readonly value: string } }[]
      readonly backendRefs: readonly { readonly name: string; readonly port: number; readonly weight?: number }[]
    }[]
  }
}
interface KafkaCluster extends Named {
  readonly spec: { readonly kafka: { readonly listeners: readonly { readonly port: number }[] } }
}
interface KafkaNodePool extends Named {
  readonly spec: {
    readonly replicas: number
    readonly storage: { readonly volumes?: readonly { readonly size?: string }[] }
  }
}
interface KafkaTopic extends Named {
  readonly spec: {
    readonly partitions?: number
    readonly replicas?: number
    readonly config?: Readonly<Record<string, string | number | boolean>>
  }
}
interface ExternalSecret extends Named {
  readonly spec: {
    readonly target: { readonly name: string }
    readonly data: readonly { readonly secretKey: string }[]
  }
}

/** The shape of each kind. */
export interface Kinds {
  readonly ConfigMap: V1ConfigMap
  readonly ExternalSecret: ExternalSecret
  readonly HorizontalPodAutoscaler: V2HorizontalPodAutoscaler
  readonly HTTPRoute: HttpRoute
  readonly Ingress: V1Ingress
  readonly Kafka: KafkaCluster
  readonly KafkaNodePool: KafkaNodePool
  readonly KafkaTopic: KafkaTopic
  readonly NetworkPolicy: V1NetworkPolicy
  readonly PodDisruptionBudget: V1PodDisruptionBudget
  readonly ScaledJob: ScaledJob
  readonly ScaledObject: ScaledObject
  readonly Service: V1Service
  readonly ServiceAccount: V1ServiceAccount
  readonly TriggerAuthentication: TriggerAuthentication
}
