/**
 * Deployments and DaemonSets of extensions, apps/v1beta1 and apps/v1beta2: fields that apps/v1 dropped are kept in
 * annotations, as upstream keeps them. Pure.
 * Source: kubernetes pkg/apis/apps/v1/conversion.go, pkg/apis/apps/annotations.go
 */
import { TEMPLATE_GENERATION } from '#api/old-annotations.ts'
import { annotationOf, withAnnotations } from './annotations.ts'
import type { Conversion } from './conversion.ts'
import { type Fields, recordOf, without } from '#api/values.ts'

const ROLLBACK_TO = 'deprecated.deployment.rollback.to'

const integerOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined

const rollbackOf = (spec: Fields): string | undefined => {
  const { rollbackTo } = spec
  const { revision } = recordOf(rollbackTo)
  if (rollbackTo === undefined) return undefined
  return typeof revision === 'number' ? String(revision) : '0'
}

/** The object as a rollback to `revision` was asked for (0: the one before). */
export const rollingBack = (deployment: Fields, revision: number): Fields =>
  withAnnotations(deployment, { [ROLLBACK_TO]: String(revision) })

export const DEPLOYMENT: Conversion = {
  keepsPaths: true,
  toStorage: deployment => {
    const spec = recordOf(deployment['spec'])
    const stored = { ...deployment, spec: without(spec, 'rollbackTo') }
    return withAnnotations(stored, { [ROLLBACK_TO]: rollbackOf(spec) })
  },
  fromStorage: deployment => {
    const revision = integerOf(annotationOf(deployment, ROLLBACK_TO))
    if (revision === undefined) return deployment
    const spec = { ...recordOf(deployment['spec']), rollbackTo: { revision } }
    return withAnnotations({ ...deployment, spec }, { [ROLLBACK_TO]: undefined })
  },
}

export const DAEMON_SET: Conversion = {
  keepsPaths: true,
  toStorage: set => {
    const spec = recordOf(set['spec'])
    const generation = spec['templateGeneration']
    const stored = { ...set, spec: without(spec, 'templateGeneration') }
    return withAnnotations(stored, {
      [TEMPLATE_GENERATION]: typeof generation === 'number' ? String(generation) : undefined,
    })
  },
  fromStorage: set => {
    const templateGeneration = integerOf(annotationOf(set, TEMPLATE_GENERATION))
    if (templateGeneration === undefined) return set
    const spec = { ...recordOf(set['spec']), templateGeneration }
    return withAnnotations({ ...set, spec }, { [TEMPLATE_GENERATION]: undefined })
  },
}
