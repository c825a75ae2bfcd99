/**
 * Keeps ClusterRoles with an aggregation rule the sum of the roles that its selectors choose: `admin`, `edit`, `view`
 * grow with every role labelled for them.
 * Source: kubernetes pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
 */
import { labelSelectorOf } from '#api/selectors.ts'
import type { ClusterRole, PolicyRule } from '#api/types/rbac-v1.ts'
import { type Controller, createController } from '#client/controller.ts'
import type { ControllerDeps } from './deps.ts'
import { meansTheSame } from './same.ts'

const WORKERS = 2

/** The rules a role should have, each once, in order of the roles' names; undefined when it has them. Pure. */
export function planRules(
  role: ClusterRole,
  roles: readonly ClusterRole[],
): readonly PolicyRule[] | undefined {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(labelSelectorOf)
  if (role.aggregationRule === undefined) return undefined
  const nameOf = ({ metadata }: ClusterRole): string => metadata.name ?? ''
  const parts = roles
    .filter(other => nameOf(other) !== nameOf(role))
    .filter(({ metadata }) => selectors.some(selector => selector.matches(metadata.labels)))
    .toSorted((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
  const rules = new Map(
    parts.flatMap(part => part.rules ?? []).map(rule => [JSON.stringify(rule), rule]),
  )
  const wanted = [...rules.values()]
  return meansTheSame(role.rules, wanted) ? undefined : wanted
}

export function createClusterRoleAggregation(deps: ControllerDeps): Controller {
  const roles = deps.informers.of('clusterRoles')
  const controller = createController({
    name: 'clusterrole-aggregation',
    workers: WORKERS,
    needs: [roles],
    async sync(name, signal) {
      const role = roles.get(name)
      const rules = role === undefined ? undefined : planRules(role, roles.list())
      if (role === undefined || rules === undefined) return undefined
      await deps.client.clusterRoles.update({ ...role, rules }, {}, signal)
      return undefined
    },
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  })
  const enqueueSums = (): void => {
    for (const { metadata, aggregationRule } of roles.list()) {
      if (aggregationRule !== undefined) controller.enqueue(metadata.name ?? '')
    }
  }
  roles.addHandler({ onAdd: enqueueSums, onUpdate: enqueueSums, onDelete: enqueueSums })
  return controller
}
