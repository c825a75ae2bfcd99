/**
 * When a single container is started again, whatever its pod says. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateContainerRestartPolicy,
 * validateInitContainerRestartPolicy
 */
import type { Container, ContainerRestartRule } from '#api/types/core-v1.ts'
import { type Faults, required, requireKnown, tooMany, unsupported } from '#api/validation/fault.ts'

const POLICIES: readonly string[] = ['Always', 'Never', 'OnFailure']
const ACTIONS: readonly string[] = ['Restart', 'RestartAllContainers']
const OPERATORS: readonly string[] = ['In', 'NotIn']
const RULES_MAX = 20
const EXIT_CODES_MAX = 255

export function validateContainerRestarts(
  faults: Faults,
  place: string,
  container: Container,
): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container
  if (restartPolicy === undefined) requirePolicy(faults, place, container)
  else if (!POLICIES.includes(restartPolicy)) {
    faults.push(unsupported(`${place}.restartPolicy`, restartPolicy, POLICIES))
  }
  if (rules.length > RULES_MAX) {
    faults.push(tooMany(`${place}.restartPolicyRules`, rules.length, RULES_MAX))
  }
  for (const [index, rule] of rules.entries()) {
    validateRule(faults, `${place}.restartPolicyRules[${index}]`, rule)
  }
}

/** Of an init container: rules without a policy are not looked at. */
export function validateInitRestarts(faults: Faults, place: string, container: Container): void {
  if (container.restartPolicy === undefined) requirePolicy(faults, place, container)
  else validateContainerRestarts(faults, place, container)
}

function requirePolicy(
  faults: Faults,
  place: string,
  { restartPolicyRules = [] }: Container,
): void {
  if (restartPolicyRules.length === 0) return
  const detail = 'must specify restartPolicy when restart rules are used'
  faults.push(required(`${place}.restartPolicy`, detail))
}

function validateRule(
  faults: Faults,
  place: string,
  { action, exitCodes }: ContainerRestartRule,
): void {
  requireKnown(faults, `${place}.action`, action, ACTIONS)
  if (exitCodes === undefined) {
    faults.push(required(`${place}.exitCodes`, 'must be specified'))
    return
  }
  const { operator, values = [] } = exitCodes
  requireKnown(faults, `${place}.exitCodes.operator`, operator, OPERATORS)
  if (values.length > EXIT_CODES_MAX) {
    faults.push(tooMany(`${place}.exitCodes.values`, values.length, EXIT_CODES_MAX))
  }
}
