/**
 * Gives every living namespace its ServiceAccount `default`.
 * Source: kubernetes pkg/controller/serviceaccount/serviceaccounts_controller.go
 */
import type { Namespace, ServiceAccount } from '#api/types/core-v1.ts'
import { type Controller, createController } from '#client/controller.ts'
import type { ControllerDeps } from '../deps.ts'

const WORKERS = 2
const DEFAULT_ACCOUNT = 'default'

/** The account to create, or undefined when nothing is to be done. Pure. */
export function planDefaultAccount(
  namespace: Namespace | undefined,
  existing: ServiceAccount | undefined,
): ServiceAccount | undefined {
  if (namespace?.status?.phase === 'Terminating' || existing !== undefined) return undefined
  if (namespace?.metadata.name === undefined) return undefined
  if (namespace.metadata.deletionTimestamp !== undefined) return undefined
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: DEFAULT_ACCOUNT, namespace: namespace.metadata.name },
  }
}

export function createServiceAccountController(deps: ControllerDeps): Controller {
  const namespaces = deps.informers.of('namespaces')
  const accounts = deps.informers.of('serviceAccounts')
  const controller = createController({
    name: 'serviceaccount',
    workers: WORKERS,
    needs: [namespaces, accounts],
    async sync(name, signal) {
      const account = planDefaultAccount(
        namespaces.get(name),
        accounts.get(`${name}/${DEFAULT_ACCOUNT}`),
      )
      if (account !== undefined) await deps.client.serviceAccounts.create(account, {}, signal)
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
  accounts.addHandler({
    onDelete: account => controller.enqueue(account.metadata.namespace ?? ''),
  })
  return controller
}
