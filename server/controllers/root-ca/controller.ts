/**
 * Publishes the CA of the API server in every living namespace, where pods find it beside their token.
 * Source: kubernetes pkg/controller/certificates/rootcacertpublisher/publisher.go
 */
import type { ConfigMap, Namespace } from '#api/types/core-v1.ts'
import { type Controller, createController } from '#client/controller.ts'
import type { ControllerDeps } from '../deps.ts'

const WORKERS = 2
const ROOT_CA = 'kube-root-ca.crt'
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

export type RootCAAction =
  | { readonly kind: 'create'; readonly configMap: ConfigMap }
  | { readonly kind: 'update'; readonly configMap: ConfigMap }

/** Pure. */
export function planRootCA(
  namespace: Namespace | undefined,
  existing: ConfigMap | undefined,
  rootCA: string,
): RootCAAction | undefined {
  const name = namespace?.metadata.name
  if (name === undefined || namespace?.metadata.deletionTimestamp !== undefined) return undefined
  const data = { 'ca.crt': rootCA }
  if (existing === undefined) {
    const annotations = { 'kubernetes.io/description': DESCRIPTION }
    const metadata = { name: ROOT_CA, namespace: name, annotations }
    return { kind: 'create', configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } }
  }
  const isSame =
    existing.data?.['ca.crt'] === rootCA && Object.keys(existing.data ?? {}).length === 1
  return isSame ? undefined : { kind: 'update', configMap: { ...existing, data } }
}

export function createRootCAController(deps: ControllerDeps): Controller {
  const { client, config } = deps
  const namespaces = deps.informers.of('namespaces')
  const configMaps = deps.informers.of('configMaps', { fieldSelector: `metadata.name=${ROOT_CA}` })
  const controller = createController({
    name: 'root-ca',
    workers: WORKERS,
    needs: [namespaces, configMaps],
    async sync(name, signal) {
      const existing = configMaps.get(`${name}/${ROOT_CA}`)
      const action = planRootCA(namespaces.get(name), existing, config.rootCA)
      if (action?.kind === 'create') await client.configMaps.create(action.configMap, {}, signal)
      if (action?.kind === 'update') await client.configMaps.update(action.configMap, {}, signal)
      return undefined
    },
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  })
  namespaces.addHandler({
    onAdd: namespace => controller.enqueue(namespace.metadata.name ?? ''),
    onUpdate: (_before, after) => controller.enqueue(after.metadata.name ?? ''),
  })
  configMaps.addHandler({
    onUpdate: (_before, after) => controller.enqueue(after.metadata.namespace ?? ''),
    onDelete: configMap => controller.enqueue(configMap.metadata.namespace ?? ''),
  })
  return controller
}
