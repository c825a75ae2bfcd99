/**
 * Whether a FlowSchema points at a priority level that is there. Pure.
 *
 * Output  the condition `Dangling` as it should be; undefined when the schema says so already
 * Source: k8s.io/apiserver pkg/util/flowcontrol/apf_controller.go presyncFlowSchemaStatus
 */
import type { FlowSchema, FlowSchemaCondition } from '#api/types/flowcontrol-v1.ts'

const TYPE = 'Dangling'

export const levelOf = (schema: FlowSchema): string =>
  schema.spec?.priorityLevelConfiguration.name ?? ''

/** `now` is RFC 3339. */
export function planDangling(
  schema: FlowSchema,
  levelExists: boolean,
  now: string,
): FlowSchemaCondition | undefined {
  const about = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(levelOf(schema))}`
  const wanted = levelExists
    ? { status: 'False', reason: 'Found', message: `${about} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${about} but there is no such object` }
  const before = schema.status?.conditions?.find(({ type }) => type === TYPE)
  const isSaid =
    before?.status === wanted.status &&
    before.reason === wanted.reason &&
    before.message === wanted.message
  return isSaid ? undefined : { type: TYPE, lastTransitionTime: now, ...wanted }
}
