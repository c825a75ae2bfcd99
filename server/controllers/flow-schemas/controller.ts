/**
 * Tells of every FlowSchema whether its priority level exists: reads, plans, applies. Decides nothing.
 * Source: k8s.io/apiserver pkg/util/flowcontrol/apf_controller.go
 */
import { rfc3339 } from '#api/time.ts'
import { type Controller, createController } from '#client/controller.ts'
import type { ControllerDeps } from '../deps.ts'
import { levelOf, planDangling } from './plan.ts'

const WORKERS = 2
const BY_LEVEL = 'level'
const FIELD_MANAGER = 'api-priority-and-fairness-config-consumer-v1'

export function createFlowSchemaController(deps: ControllerDeps): Controller {
  const { client, informers, clock } = deps
  const schemas = informers.of('flowSchemas')
  const levels = informers.of('priorityLevelConfigurations')
  schemas.addIndex(BY_LEVEL, schema => [levelOf(schema)])
  const controller = createController({
    name: 'flow-schemas',
    workers: WORKERS,
    needs: [schemas, levels],
    async sync(name, signal) {
      const schema = schemas.get(name)
      if (schema === undefined) return undefined
      const exists = levels.get(levelOf(schema)) !== undefined
      const condition = planDangling(schema, exists, rfc3339(clock.now()))
      if (condition === undefined) return undefined
      const { apiVersion, kind, metadata } = schema
      const body = {
        apiVersion,
        kind,
        metadata: { name, uid: metadata.uid },
        status: { conditions: [condition] },
      }
      const options = { subresource: 'status', fieldManager: FIELD_MANAGER }
      await client.flowSchemas.patch(
        { name },
        { type: 'apply', body, force: true },
        options,
        signal,
      )
      return undefined
    },
    clock,
    random: deps.random,
    log: deps.log,
  })
  const enqueue = ({ metadata }: { readonly metadata: { readonly name?: string } }): void =>
    controller.enqueue(metadata.name ?? '')
  schemas.addHandler({ onAdd: enqueue, onUpdate: (_old, schema) => enqueue(schema) })
  const enqueueUsers = ({ metadata }: { readonly metadata: { readonly name?: string } }): void => {
    for (const schema of schemas.byIndex(BY_LEVEL, metadata.name ?? '')) enqueue(schema)
  }
  levels.addHandler({ onAdd: enqueueUsers, onDelete: enqueueUsers })
  return controller
}
